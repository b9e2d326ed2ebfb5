"""What the bytes of a field stand for, so that people can write and read them as names or digits."""

from __future__ import annotations

from enum import Enum
from typing import Any

from node.messages.schema import FieldOf, module_of


class Meaning(Enum):
    """What a ``bytes`` field holds."""

    ADDRESS = "address"
    HOLDER = "holder"
    PUBLIC_KEY = "public key"
    SIGNATURE = "signature"
    BYTES = "bytes"


_ADDRESSES = frozenset(
    (
        *("account", "address", "owner", "operator", "dso", "supplier", "to", "holder", "source", "target"),
        *("buyer", "seller", "producer", "consumer", "critical_buyer", "critical_seller"),
        *("proposer", "approvals", "operators", "controller"),
    )
)
# Money is not only held by accounts: there are pools, and ISSUANCE, where it comes from.
_LEDGER_HOLDERS = frozenset(("holder", "debtor", "creditor", "source", "target"))
_PUBLIC_KEYS = frozenset(("public_key", "proof_key", "new_public_key", "successor"))
_SIGNATURES = frozenset(("signature", "proof"))
_BYTES = frozenset(("page_token", "next_page_token", "seed", "app_hash", "key", "consensus_address", "assignment_root"))


class UnknownMeaningError(LookupError):
    """A ``bytes`` field has a name that nothing here tells of: add it."""


def meaning_of(cls: type[Any], field: FieldOf) -> Meaning:
    """What a ``bytes`` field of a message holds. Raises: UnknownMeaningError."""
    name = field.name
    if module_of(cls) == "ledger" and name in _LEDGER_HOLDERS:
        return Meaning.HOLDER
    for names, meaning in (
        (_ADDRESSES, Meaning.ADDRESS),
        (_PUBLIC_KEYS, Meaning.PUBLIC_KEY),
        (_SIGNATURES, Meaning.SIGNATURE),
        (_BYTES, Meaning.BYTES),
    ):
        if name in names:
            return meaning
    raise UnknownMeaningError(f"{cls.__name__}.{name}")


def unit_of(name: str) -> str:
    """The unit that a field's name ends in, as people write it; "" for a name without one."""
    for suffix, unit in (
        ("_neur_per_wh2", "nEUR/Wh²"),
        ("_neur_per_wh", "nEUR/Wh"),
        ("_neur", "nEUR"),
        ("_wh", "Wh"),
        ("_w", "W"),
        ("_slots", "slots"),
        ("_slot", "slot number"),
        ("_seconds", "s"),
    ):
        if name.endswith(suffix):
            return unit
    if name == "slot":
        return "slot number"
    if name.endswith("_s"):
        return "s" if name in ("payout_s", "max_expiry_s", "voting_s") else "Unix s"
    return ""
