"""What other modules may ask of proven flows."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.modules.flowproof.keys import PROOFS, SLOTS
from abci_app.modules.names import slot_key
from wire.flowproof import SlotProofs

_NONE = SlotProofs()


def is_closed(state: State, vdg: str, slot: int) -> bool:
    """Whether a slot is settled and takes no more proofs."""
    return (SLOTS.get(state, slot_key(vdg, slot)) or _NONE).closed


def close_slot(state: State, vdg: str, slot: int) -> None:
    """Take no more proofs of a slot."""
    key = slot_key(vdg, slot)
    SLOTS.put(state, key, (SLOTS.get(state, key) or _NONE)._replace(closed=True))


def flows_of(state: State, vdg: str, slot: int) -> dict[bytes, int]:
    """The proven net flows of a slot (Wh, positive = taken from the grid), by account in order of address."""
    return {proof.account: proof.flow_wh for proof in PROOFS.values(state, slot_key(vdg, slot))}
