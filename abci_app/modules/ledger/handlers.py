"""Minting, burning, transfers, paying debts."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.api import require_account
from abci_app.modules.ledger.debts import change_debt, find_debt
from abci_app.modules.ledger.keys import MAX_HOLDER_BYTES
from abci_app.modules.ledger.store import move
from abci_app.modules.module import Action
from wire.accounts import Role
from wire.ledger import ISSUANCE, Burn, Mint, Moved, PayDebt, Transfer, account_holder
from wire.results import Code


def check_mint(message: Mint) -> None:
    """Fields of Mint."""
    check.address("to", message.to)
    check.positive("amount_neur", message.amount_neur)


def mint(context: Context, message: Mint) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT, AMOUNT_OVERFLOW."""
    require_account(context.state, "to", message.to)
    target = account_holder(message.to)
    move(context.state, ISSUANCE, target, message.amount_neur)
    # After this point the action must succeed.
    context.emit(Moved(ISSUANCE, target, message.amount_neur, "mint"))


def check_burn(message: Burn) -> None:
    """Fields of Burn."""
    check.positive("amount_neur", message.amount_neur)


def burn(context: Context, message: Burn) -> None:
    """Raises: Refusal INSUFFICIENT_FUNDS."""
    source = account_holder(context.sender)
    move(context.state, source, ISSUANCE, message.amount_neur)
    # After this point the action must succeed.
    context.emit(Moved(source, ISSUANCE, message.amount_neur, "burn"))


def check_transfer(message: Transfer) -> None:
    """Fields of Transfer."""
    check.address("to", message.to)
    check.positive("amount_neur", message.amount_neur)


def transfer(context: Context, message: Transfer) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT, INSUFFICIENT_FUNDS, AMOUNT_OVERFLOW."""
    require_account(context.state, "to", message.to)
    source, target = account_holder(context.sender), account_holder(message.to)
    move(context.state, source, target, message.amount_neur)
    # After this point the action must succeed.
    context.emit(Moved(source, target, message.amount_neur, "transfer"))


def check_pay_debt(message: PayDebt) -> None:
    """Fields of PayDebt."""
    check.positive("amount_neur", message.amount_neur)
    check.label("reason", message.reason)
    check.length("creditor", message.creditor, 1, MAX_HOLDER_BYTES)


def pay_debt(context: Context, message: PayDebt) -> None:
    """Raises: Refusal UNKNOWN_DEBT, INVALID_FIELD when more than the debt is paid, INSUFFICIENT_FUNDS."""
    debtor = account_holder(context.sender)
    debt = find_debt(context.state, debtor, message.creditor, message.reason)
    if debt is None:
        raise Refusal(
            Code.UNKNOWN_DEBT,
            f"creditor = {message.creditor.hex()}, reason = {message.reason!r}: nothing is owed; list your debts",
        )
    if message.amount_neur > debt.amount_neur:
        raise check.invalid("amount_neur", message.amount_neur, f"the debt is {debt.amount_neur}: pay at most that")
    move(context.state, debtor, message.creditor, message.amount_neur)
    # After this point the action must succeed.
    context.emit(Moved(debtor, message.creditor, message.amount_neur, message.reason))
    change_debt(context, debtor, message.creditor, message.reason, -message.amount_neur)


_ISSUER = (Role.ROLE_ISSUER,)

ACTIONS = {
    Mint: Action(check_mint, _ISSUER, mint),
    Burn: Action(check_burn, _ISSUER, burn),
    Transfer: Action(check_transfer, (), transfer),
    PayDebt: Action(check_pay_debt, (), pay_debt),
}
