"""What other modules may ask of the market."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import State
from abci_app.modules.market.gates import require_product
from abci_app.modules.market.keys import CONTRACTS, MAX_ENERGY_WH, MAX_PRICE_NEUR_PER_WH, POSITIONS, PRODUCTS
from abci_app.modules.names import slot_key
from wire.market import Contract

__all__ = ["close_slot", "contracts_of", "require_limits", "require_product", "set_limits"]


def require_limits(max_energy_wh: int, max_price_neur_per_wh: int) -> None:
    """A product's limits of one order are inside their bounds. Raises: Refusal OUT_OF_BOUNDS."""
    check.within("max_energy_wh", max_energy_wh, 1, MAX_ENERGY_WH)
    check.within("max_price_neur_per_wh", max_price_neur_per_wh, 1, MAX_PRICE_NEUR_PER_WH)


def set_limits(state: State, name: str, max_energy_wh: int, max_price_neur_per_wh: int) -> None:
    """Bound what orders of a product may be for from now on. Raises: Refusal UNKNOWN_PRODUCT."""
    product = require_product(state, name)
    changed = product._replace(max_energy_wh=max_energy_wh, max_price_neur_per_wh=max_price_neur_per_wh)
    PRODUCTS.put(state, name.encode(), changed)


def contracts_of(state: State, vdg: str, slot: int) -> list[Contract]:
    """A slot's contracts that are not settled, in the order in which they settle."""
    return CONTRACTS.values(state, slot_key(vdg, slot))


def close_slot(state: State, vdg: str, slot: int) -> None:
    """Drop contracts and positions of a slot that is now settled."""
    key = slot_key(vdg, slot)
    for contract_key, _ in list(CONTRACTS.items(state, key)):
        CONTRACTS.delete(state, contract_key)
    for position_key, _ in list(POSITIONS.items(state, key)):
        POSITIONS.delete(state, position_key)
