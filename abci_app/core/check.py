"""Checks of a message's own fields, made before any state is read. All but ``within`` raise Refusal INVALID_FIELD."""

from __future__ import annotations

import re
from collections.abc import Sequence

from abci_app.core.refusal import Refusal
from wire.address import ADDRESS_BYTES, PUBLIC_KEY_BYTES
from wire.codec import MAX_INT64
from wire.results import Code

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
# Fixed ranges: what ``str.isprintable`` says changes with Python's Unicode tables, and validators must agree.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHOWN = 80
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def invalid(field: str, value: object, way_out: str) -> Refusal:
    """The refusal for a field's value."""
    return Refusal(Code.INVALID_FIELD, f"{field} = {shown(value)}: {way_out}")


def shown(value: object) -> str:
    """A value for a message, cut after 80 characters: messages stand in blocks' results."""
    text = repr(value[:_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def name(field: str, value: str) -> None:
    """An identifier: 1 to 64 of a-z 0-9 . _ - with a letter or digit first."""
    if _NAME.fullmatch(value) is None:
        raise invalid(field, value, "give 1 to 64 of a-z 0-9 . _ - that start with a letter or digit")


def serial(field: str, value: str) -> None:
    """A manufacturer's serial number: 1 to 64 of A-Z a-z 0-9 . _ - with a letter or digit first."""
    if _SERIAL.fullmatch(value) is None:
        raise invalid(field, value, "give 1 to 64 of A-Z a-z 0-9 . _ - that start with a letter or digit")


def label(field: str, value: str, most: int = 64) -> None:
    """A text without control characters and of bounded length; may be empty."""
    if len(value) > most or _CONTROL.search(value):
        raise invalid(field, value, f"give at most {most} characters, no control characters or line breaks")


def address(field: str, value: bytes) -> None:
    """An account's address."""
    if len(value) != ADDRESS_BYTES:
        raise invalid(field, value.hex(), f"an address has {ADDRESS_BYTES} bytes, not {len(value)}")


def public_key(field: str, value: bytes) -> None:
    """An Ed25519 public key."""
    if len(value) != PUBLIC_KEY_BYTES:
        raise invalid(field, value.hex(), f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(value)}")


def positive(field: str, value: int) -> None:
    """An amount from 1 to the largest signed 64-bit integer."""
    if not 0 < value <= MAX_INT64:
        raise invalid(field, value, f"give an integer from 1 to {MAX_INT64}")


def at_most(field: str, value: int, most: int) -> None:
    """A number not larger than a bound."""
    if value > most:
        raise invalid(field, value, f"give at most {most}")


def within(field: str, value: int, least: int, most: int) -> None:
    """A parameter of the chain inside its bounds. Raises: Refusal OUT_OF_BOUNDS."""
    if not least <= value <= most:
        raise Refusal(Code.OUT_OF_BOUNDS, f"{field} = {shown(value)}: give an integer from {least} to {most}")


def length(field: str, values: Sequence[object], least: int, most: int) -> None:
    """How many entries a list may have."""
    if not least <= len(values) <= most:
        raise invalid(f"{field} (entries)", len(values), f"give {least} to {most} entries")
