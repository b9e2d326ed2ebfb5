"""Minting, burning, paying."""

from __future__ import annotations

from node.audit import accounts, grids
from node.audit.books import DebtOf
from node.audit.case import Case, Denied, require
from node.audit.money import owe, pay
from wire.ledger import ISSUANCE, Burn, Mint, Moved, PayDebt, Transfer, account_holder, reward_pool
from wire.results import Code
from wire.settlement import FundRewards


def _move(case: Case, source: bytes, target: bytes, neur: int, reason: str) -> None:
    pay(case.books, source, target, neur)
    case.events.append(Moved(source, target, neur, reason))


def mint(case: Case, m: Mint) -> None:
    accounts.known(case, m.to)
    _move(case, ISSUANCE, account_holder(m.to), m.amount_neur, "mint")


def burn(case: Case, m: Burn) -> None:
    _move(case, account_holder(case.sender), ISSUANCE, m.amount_neur, "burn")


def transfer(case: Case, m: Transfer) -> None:
    accounts.known(case, m.to)
    _move(case, account_holder(case.sender), account_holder(m.to), m.amount_neur, "transfer")


def fund_rewards(case: Case, m: FundRewards) -> None:
    grids.found(case, m.vdg)
    _move(case, account_holder(case.sender), reward_pool(m.vdg), m.amount_neur, "fund rewards")


def pay_debt(case: Case, m: PayDebt) -> None:
    debtor = account_holder(case.sender)
    debt = case.books.debts.get(DebtOf(debtor, m.creditor, m.reason))
    if debt is None:
        raise Denied(Code.UNKNOWN_DEBT)
    require(m.amount_neur <= debt.amount_neur, Code.INVALID_FIELD)
    _move(case, debtor, m.creditor, m.amount_neur, m.reason)
    owe(case, debtor, m.creditor, m.reason, -m.amount_neur)
