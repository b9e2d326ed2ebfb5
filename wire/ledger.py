"""Money: double entry in nano-euro between holders, and what is owed (MODEL sections 3 and 6)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wire.fields import flag, many, one, raw, sint, text, uint

EUR = "eur"

# A holder is a byte string whose first byte says what it is.
VALIDATOR_POOL = b"v"
ISSUANCE = b"i"


def account_holder(address: bytes) -> bytes:
    """The holder that an account's own money stands under."""
    return b"a" + address


def reward_pool(vdg: str) -> bytes:
    """The holder of a VDG's pool for rewards of proven flows."""
    return b"p" + vdg.encode()


class Balance(NamedTuple):
    """What a holder has: free, and escrowed for its orders and contracts. Only ISSUANCE is ever negative."""

    free_neur: Annotated[int, sint(1)] = 0
    escrow_neur: Annotated[int, sint(2)] = 0


class Debt(NamedTuple):
    """What a debtor could not pay, to whom, and for what."""

    debtor: Annotated[bytes, raw(1)] = b""
    creditor: Annotated[bytes, raw(2)] = b""
    reason: Annotated[str, text(3)] = ""
    amount_neur: Annotated[int, uint(4)] = 0


class Mint(NamedTuple):
    """The issuer credits an account against fiat."""

    to: Annotated[bytes, raw(1)] = b""
    amount_neur: Annotated[int, uint(2)] = 0


class Burn(NamedTuple):
    """The issuer takes money that it holds out of circulation, paying fiat."""

    amount_neur: Annotated[int, uint(1)] = 0


class Transfer(NamedTuple):
    """The sender pays another account from its free balance."""

    to: Annotated[bytes, raw(1)] = b""
    amount_neur: Annotated[int, uint(2)] = 0


class PayDebt(NamedTuple):
    """The sender pays part or all of what it owes a creditor for a reason."""

    creditor: Annotated[bytes, raw(1)] = b""
    reason: Annotated[str, text(2)] = ""
    amount_neur: Annotated[int, uint(3)] = 0


class Moved(NamedTuple):
    """Event: money moved between holders' free balances (ISSUANCE is where minted money comes from)."""

    source: Annotated[bytes, raw(1)] = b""
    target: Annotated[bytes, raw(2)] = b""
    amount_neur: Annotated[int, uint(3)] = 0
    reason: Annotated[str, text(4)] = ""


class DebtChanged(NamedTuple):
    """Event: what a debtor owes a creditor for a reason is now this much."""

    debtor: Annotated[bytes, raw(1)] = b""
    creditor: Annotated[bytes, raw(2)] = b""
    reason: Annotated[str, text(3)] = ""
    amount_neur: Annotated[int, uint(4)] = 0


class GetBalanceRequest(NamedTuple):
    """Query: what a holder has."""

    holder: Annotated[bytes, raw(1)] = b""


class GetBalanceResponse(NamedTuple):
    """Zero for a holder that was never paid."""

    balance: Annotated[Balance | None, one(1, Balance)] = None
    in_debt: Annotated[bool, flag(2)] = False


class ListDebtsRequest(NamedTuple):
    """Query: what a debtor owes, in order of creditor and reason, paged."""

    debtor: Annotated[bytes, raw(1)] = b""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListDebtsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    debts: Annotated[tuple[Debt, ...], many(one(1, Debt))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class GetSupplyRequest(NamedTuple):
    """Query: how much money there is."""


class GetSupplyResponse(NamedTuple):
    """What was minted less burned, and what all holders have; always equal."""

    minted_neur: Annotated[int, uint(1)] = 0
    held_neur: Annotated[int, uint(2)] = 0
