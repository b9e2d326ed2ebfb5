"""How typed events leave the application: name, canonical bytes, and the accounts they concern."""

from __future__ import annotations

from typing import Any, NamedTuple

from wire.address import ADDRESS_BYTES
from wire.codec import encode
from wire.events import event_name

# The fields whose value is an account that may want to hear of the event.
_ACCOUNT_FIELDS = ("account", "address", "buyer", "seller", "debtor", "owner", "holder", "producer", "consumer")


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
            value = getattr(message, field)
            if field in _ACCOUNT_FIELDS and len(value) == ADDRESS_BYTES:
                found[value] = None
    return tuple(found)


def encode_event(event: Any) -> EncodedEvent:
    """The event ready to be reported."""
    return EncodedEvent(event_name(type(event)), encode(event), accounts_of(event))
