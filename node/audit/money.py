"""Money: whatever leaves one place arrives at another."""

from __future__ import annotations

from node.audit.books import Books, DebtOf
from node.audit.case import Case, require
from node.audit.shares import fitting
from wire.ledger import ISSUANCE, Balance, Debt, DebtChanged, Moved
from wire.results import Code

_EMPTY = Balance()


def balance(books: Books, holder: bytes) -> Balance:
    """What a holder has."""
    return books.balances.get(holder) or _EMPTY


def _write(books: Books, holder: bytes, free: int, escrow: int) -> None:
    books.balances.put(holder, Balance(fitting(free), fitting(escrow)))


def pay(books: Books, source: bytes, target: bytes, neur: int) -> None:
    """From free money to free money. Raises: Denied INSUFFICIENT_FUNDS, AMOUNT_OVERFLOW."""
    have = balance(books, source)
    require(source == ISSUANCE or have.free_neur >= neur, Code.INSUFFICIENT_FUNDS)
    if neur and source != target:
        _write(books, source, have.free_neur - neur, have.escrow_neur)
        get = balance(books, target)
        _write(books, target, get.free_neur + neur, get.escrow_neur)


def escrow(books: Books, holder: bytes, neur: int) -> None:
    """Set own money aside, or take it back when negative. Raises: Denied INSUFFICIENT_FUNDS."""
    have = balance(books, holder)
    require(have.free_neur >= neur, Code.INSUFFICIENT_FUNDS)
    if neur:
        _write(books, holder, have.free_neur - neur, have.escrow_neur + neur)


def pay_from_escrow(books: Books, source: bytes, target: bytes, neur: int) -> None:
    """From what is set aside to another's free money; both records are written even for nothing."""
    have = balance(books, source)
    _write(books, source, have.free_neur, have.escrow_neur - neur)
    get = balance(books, target)
    _write(books, target, get.free_neur + neur, get.escrow_neur)


def owe(case: Case, debtor: bytes, creditor: bytes, reason: str, neur: int) -> None:
    """Change a debt and the debtor's total. Raises: Denied AMOUNT_OVERFLOW."""
    books, at = case.books, DebtOf(debtor, creditor, reason)
    debt, total = books.debts.get(at), books.debt_totals.get(debtor)
    amount = fitting((debt.amount_neur if debt else 0) + neur)
    whole = fitting((total.amount_neur if total else 0) + neur)
    if amount:
        books.debts.put(at, Debt(debtor, creditor, reason, amount))
    else:
        books.debts.drop(at)
    if whole:
        books.debt_totals.put(debtor, Debt(debtor, amount_neur=whole))
    else:
        books.debt_totals.drop(debtor)
    case.events.append(DebtChanged(debtor, creditor, reason, amount))


def pay_or_owe(case: Case, source: bytes, target: bytes, neur: int, reason: str) -> int:
    """Pay what is free and owe the rest, which is returned; nobody owes itself."""
    if source == target:
        return 0
    paid = min(neur, max(balance(case.books, source).free_neur, 0))
    if paid:
        pay(case.books, source, target, paid)
        case.events.append(Moved(source, target, paid, reason))
    if paid < neur:
        owe(case, source, target, reason, neur - paid)
    return neur - paid
