"""The VDGs that are there from the start."""

from __future__ import annotations

from pydantic import Field, model_validator

from abci_app.core.context import Context
from abci_app.modules.genesis_types import AddressHex, Name, Positive, Price, PublicKeyHex, Section, Serial
from abci_app.modules.grid.api import require_grid
from abci_app.modules.grid.handlers import check_create, check_tariff, connect, create, post_tariff
from wire.grid import AddMember, CreateGrid, Grid, SetTariff


class GenesisMember(Section):
    """A household and its meter."""

    account: AddressHex
    meter: Serial


class GenesisGrid(Section):
    """A VDG. Slot 0 starts at ``epoch_s``, which should be a midnight; prices are 1 or 144 a day."""

    vdg: Name
    epoch_s: Positive
    slot_seconds: int = Field(ge=1, le=86_400)
    dso: AddressHex
    supplier: AddressHex
    proof_key: PublicKeyHex
    reward_rate_neur_per_wh: Price = 0
    deviation_neur_per_wh2: Price = 0
    proof_deadline_slots: int = Field(default=6, ge=1, le=1008)
    priority: int = Field(default=0, ge=0, le=1000)
    buy_price_neur_per_wh: list[Price] = Field(min_length=1, max_length=144)
    sell_price_neur_per_wh: list[Price] = Field(min_length=1, max_length=144)
    members: list[GenesisMember] = Field(default_factory=list)

    @model_validator(mode="after")
    def _no_reward_for_paper(self) -> GenesisGrid:
        """A trade that nobody delivers costs its two sides P_u - P_f a Wh, and earns each the reward rate (6.4-6.6)."""
        buy, sell = self.buy_price_neur_per_wh, self.sell_price_neur_per_wh
        for slot in range(max(len(buy), len(sell))):
            margin = buy[slot % len(buy)] - sell[slot % len(sell)]
            # A tariff with a negative margin is refused as such.
            if 2 * self.reward_rate_neur_per_wh > margin >= 0:
                raise ValueError(
                    f"reward_rate_neur_per_wh = {self.reward_rate_neur_per_wh}: in slot {slot} of the day two homes "
                    f"that trade a Wh which neither delivers pay the supplier {margin} for it and earn twice the rate; "
                    f"give at most {margin // 2}, or a larger margin between buying and selling price"
                )
        return self


class GridGenesis(Section):
    """Part ``grid``."""

    grids: list[GenesisGrid] = Field(default_factory=list)


def write(context: Context, part: GridGenesis) -> None:
    """Open the VDGs, post their tariffs from slot 0, connect their members. Raises: Refusal."""
    for entry in part.grids:
        grid = Grid(
            vdg=entry.vdg,
            epoch_s=entry.epoch_s,
            slot_seconds=entry.slot_seconds,
            dso=bytes.fromhex(entry.dso),
            supplier=bytes.fromhex(entry.supplier),
            proof_key=bytes.fromhex(entry.proof_key),
            reward_rate_neur_per_wh=entry.reward_rate_neur_per_wh,
            deviation_neur_per_wh2=entry.deviation_neur_per_wh2,
            proof_deadline_slots=entry.proof_deadline_slots,
            priority=entry.priority,
        )
        check_create(CreateGrid(grid))
        create(context, CreateGrid(grid))
        tariff = SetTariff(entry.vdg, 0, tuple(entry.buy_price_neur_per_wh), tuple(entry.sell_price_neur_per_wh))
        check_tariff(tariff)
        post_tariff(context, tariff)
        for member in entry.members:
            connect(
                context,
                require_grid(context.state, entry.vdg),
                AddMember(entry.vdg, bytes.fromhex(member.account), member.meter),
            )
