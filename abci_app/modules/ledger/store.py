"""Double entry: every movement takes from one place what it gives to another."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.core.numbers import bounded
from abci_app.core.refusal import Refusal
from abci_app.modules.ledger.keys import BALANCES, balance_key
from wire.ledger import EUR, ISSUANCE, Balance
from wire.results import Code

_NOTHING = Balance()


def balance_of(state: State, holder: bytes) -> Balance:
    """What a holder has in eur; zero when it was never paid."""
    return BALANCES.get(state, balance_key(EUR, holder)) or _NOTHING


def set_balance(state: State, holder: bytes, free_neur: int, escrow_neur: int) -> None:
    """Write a balance that moves of this file worked out. Raises: Refusal AMOUNT_OVERFLOW."""
    bounded(free_neur, "balance_neur")
    bounded(escrow_neur, "escrow_neur")
    BALANCES.put(state, balance_key(EUR, holder), Balance(free_neur, escrow_neur))


def move(state: State, source: bytes, target: bytes, amount_neur: int) -> None:
    """Move money between free balances.

    Raises: Refusal INSUFFICIENT_FUNDS (ISSUANCE alone may go below zero), AMOUNT_OVERFLOW.
    """
    giver, taker = balance_of(state, source), balance_of(state, target)
    if source != ISSUANCE and giver.free_neur < amount_neur:
        raise Refusal(
            Code.INSUFFICIENT_FUNDS,
            f"amount_neur = {amount_neur}: only {giver.free_neur} are free; use less or have the issuer mint",
        )
    if source == target or amount_neur == 0:
        return
    set_balance(state, source, giver.free_neur - amount_neur, giver.escrow_neur)
    set_balance(state, target, taker.free_neur + amount_neur, taker.escrow_neur)


def set_aside(state: State, holder: bytes, amount_neur: int) -> None:
    """Move a holder's own money between free and escrow: into escrow, or back out when negative.

    Raises: Refusal INSUFFICIENT_FUNDS.
    """
    if amount_neur == 0:
        return
    balance = balance_of(state, holder)
    if balance.free_neur < amount_neur:
        raise Refusal(
            Code.INSUFFICIENT_FUNDS,
            f"energy times limit price = {amount_neur} nEUR more than is set aside: only {balance.free_neur} are "
            "free; offer less or have the issuer mint",
        )
    set_balance(state, holder, balance.free_neur - amount_neur, balance.escrow_neur + amount_neur)


def move_escrow(state: State, source: bytes, target: bytes, amount_neur: int) -> None:
    """Move money from a holder's escrow to another's free balance."""
    giver = balance_of(state, source)
    set_balance(state, source, giver.free_neur, giver.escrow_neur - amount_neur)
    taker = balance_of(state, target)
    set_balance(state, target, taker.free_neur + amount_neur, taker.escrow_neur)
