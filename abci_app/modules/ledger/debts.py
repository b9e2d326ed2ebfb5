"""Whoever owes whom for what reason."""

from __future__ import annotations

from abci_app.core.context import Context, State
from abci_app.core.numbers import bounded
from abci_app.modules.ledger.keys import DEBT_TOTALS, DEBTS, debt_key
from abci_app.modules.ledger.store import balance_of, move
from wire.ledger import Debt, DebtChanged, Moved


def in_debt(state: State, debtor: bytes) -> bool:
    """Whether the holder owes anything."""
    return DEBT_TOTALS.get(state, debtor) is not None


def find_debt(state: State, debtor: bytes, creditor: bytes, reason: str) -> Debt | None:
    """What a debtor owes a creditor for a reason, or None."""
    return DEBTS.get(state, debt_key(debtor, creditor, reason))


def change_debt(context: Context, debtor: bytes, creditor: bytes, reason: str, by_neur: int) -> None:
    """Add to a debt, or take away what was paid; a debt of zero is gone."""
    state = context.state
    key = debt_key(debtor, creditor, reason)
    debt = DEBTS.get(state, key) or Debt(debtor, creditor, reason, 0)
    total = DEBT_TOTALS.get(state, debtor) or Debt(debtor)
    amount = bounded(debt.amount_neur + by_neur, "debt_neur")
    owed = bounded(total.amount_neur + by_neur, "debts_neur")
    for collection, its_key, value, neur in (
        (DEBTS, key, debt, amount),
        (DEBT_TOTALS, debtor, total, owed),
    ):
        if neur:
            collection.put(state, its_key, value._replace(amount_neur=neur))
        else:
            collection.delete(state, its_key)
    context.emit(DebtChanged(debtor, creditor, reason, amount))


def pay_or_owe(context: Context, source: bytes, target: bytes, amount_neur: int, reason: str) -> int:
    """Pay what the source has free; what is missing becomes its debt. Returns the missing amount.

    Nobody owes itself: where a household is its own supplier, say, there is nothing to pay.
    """
    if source == target:
        return 0
    paid = min(amount_neur, max(balance_of(context.state, source).free_neur, 0))
    if paid:
        move(context.state, source, target, paid)
        context.emit(Moved(source, target, paid, reason))
    missing = amount_neur - paid
    if missing:
        change_debt(context, source, target, reason, missing)
    return missing
