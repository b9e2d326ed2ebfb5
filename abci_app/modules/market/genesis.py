"""The products that are traded, and the three that ship (MODEL section 4)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from abci_app.core.context import Context
from abci_app.modules.genesis_types import Name, Section
from abci_app.modules.grid.slots import SLOTS_PER_DAY
from abci_app.modules.market.keys import MAX_ENERGY_WH, MAX_PRICE_NEUR_PER_WH, PRODUCTS
from wire.market import GateKind, Product

_KINDS = {"before_start": GateKind.GATE_KIND_BEFORE_START, "day_before": GateKind.GATE_KIND_DAY_BEFORE}


class GenesisProduct(Section):
    """A product. ``gate_slots``: before the start, or the slot of the day before, as ``gate`` says."""

    name: Name
    block_slots: int = Field(ge=1, le=SLOTS_PER_DAY)
    gate: Literal["before_start", "day_before"]
    gate_slots: int = Field(ge=0, le=SLOTS_PER_DAY)
    horizon_slots: int = Field(ge=1, le=7 * SLOTS_PER_DAY)
    max_energy_wh: int = Field(default=10**9, ge=1, le=MAX_ENERGY_WH)
    max_price_neur_per_wh: int = Field(default=10**7, ge=1, le=MAX_PRICE_NEUR_PER_WH)

    @model_validator(mode="after")
    def _blocks_divide_the_day(self) -> GenesisProduct:
        if SLOTS_PER_DAY % self.block_slots:
            raise ValueError(f"block_slots = {self.block_slots}: give a divisor of {SLOTS_PER_DAY}")
        return self


DEFAULT_PRODUCTS = [
    GenesisProduct(name="day_ahead", block_slots=6, gate="day_before", gate_slots=72, horizon_slots=288),
    GenesisProduct(name="intraday", block_slots=1, gate="before_start", gate_slots=6, horizon_slots=144),
    GenesisProduct(name="real_time", block_slots=1, gate="before_start", gate_slots=1, horizon_slots=144),
]


class MarketGenesis(Section):
    """Part ``market``; without it the three standard products are traded."""

    products: list[GenesisProduct] = Field(default_factory=lambda: list(DEFAULT_PRODUCTS))

    @field_validator("products")
    @classmethod
    def _named_once(cls, products: list[GenesisProduct]) -> list[GenesisProduct]:
        names = [product.name for product in products]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"products named twice: {', '.join(twice)}; give each name once")
        return products


def write(context: Context, part: MarketGenesis) -> None:
    """Write the products."""
    for entry in part.products:
        product = Product(
            entry.name,
            entry.block_slots,
            _KINDS[entry.gate],
            entry.gate_slots,
            entry.horizon_slots,
            entry.max_energy_wh,
            entry.max_price_neur_per_wh,
        )
        PRODUCTS.put(context.state, entry.name.encode(), product)
