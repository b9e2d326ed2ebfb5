"""What other modules may ask of settlement."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import State
from abci_app.modules.settlement.keys import MAX_KEEP_SLOTS, MAX_PAYOUT_S, PARAMETERS
from wire.settlement import SettlementParameters


def require_parameters(new: SettlementParameters) -> None:
    """The parameters are inside their bounds. Raises: Refusal OUT_OF_BOUNDS."""
    check.within("payout_s", new.payout_s, 1, MAX_PAYOUT_S)
    check.within("keep_slots", new.keep_slots, 0, MAX_KEEP_SLOTS)


def set_parameters(state: State, new: SettlementParameters) -> None:
    """Replace the parameters: ``payout_s`` after the next payout, ``keep_slots`` for slots that settle from now on."""
    PARAMETERS.put(state, b"", new)
