"""What other modules may ask of the market."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.modules.market.keys import CONTRACTS, POSITIONS
from abci_app.modules.names import slot_key
from wire.market import Contract


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
