"""How typed events leave the application: name, canonical bytes, and the accounts they concern."""

from __future__ import annotations

from typing import Any, NamedTuple

from wire.address import ADDRESS_BYTES
from wire.codec import encode
from wire.events import event_name
from wire.ledger import account_holder

# The letter that an account's holder starts with.
_HOLDER = account_holder(b"")

# The fields whose value is an account, or the holder of an account's money, that may want to hear of the event.
_ACCOUNT_FIELDS = (
    "account",
    "address",
    "buyer",
    "consumer",
    "creditor",
    "debtor",
    "holder",
    "owner",
    "producer",
    "seller",
    "source",
    "target",
)


class EncodedEvent(NamedTuple):
    """An event as it goes into a block's results."""

    name: str
    data: bytes
    accounts: tuple[bytes, ...]


def accounts_of(event: Any) -> tuple[bytes, ...]:
    """The addresses in an event or in the one message that it carries, in order of field, each once."""
    found: dict[bytes, None] = {}
    carried = [value for value in event if hasattr(value, "_fields")]
    for message in (event, *carried):
        for field in message._fields:
            if field not in _ACCOUNT_FIELDS:
                continue
            value = getattr(message, field)
            address = value[1:] if value[:1] == _HOLDER and len(value) > ADDRESS_BYTES else value
            if len(address) == ADDRESS_BYTES:
                found[address] = None
    return tuple(found)


def encode_event(event: Any) -> EncodedEvent:
    """The event ready to be reported."""
    return EncodedEvent(event_name(type(event)), encode(event), accounts_of(event))
