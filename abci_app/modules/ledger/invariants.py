"""No path loses or creates money: checked at every block over the balances that it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken
from wire.ledger import EUR, ISSUANCE, Balance

_BALANCES = b"ledger/b" + EUR.encode() + b"/"
_NOTHING = Balance()


def check_balances(before: Context, changes: Mapping[bytes, Any]) -> None:
    """The changes of a block sum to zero (ISSUANCE included), and only ISSUANCE is negative.

    Raises: InvariantBroken.
    """
    total = 0
    for key, after in changes.items():
        if not key.startswith(_BALANCES):
            continue
        old = before.state.get(key, Balance) or _NOTHING
        total += after.free_neur + after.escrow_neur - old.free_neur - old.escrow_neur
        if (after.free_neur < 0 or after.escrow_neur < 0) and key != _BALANCES + ISSUANCE:
            raise InvariantBroken(f"holder {key[len(_BALANCES) :].hex()} has {after}: a balance below zero")
    if total:
        raise InvariantBroken(f"the block at height {before.height} changes the sum of all balances by {total} nEUR")
