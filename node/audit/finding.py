"""The first place at which a chain is not what its transactions make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from wire.address import ADDRESS_BYTES


class Finding(NamedTuple):
    """A difference: in which block and transaction (None: the block's own work), whose, what it must be and what it is.

    ``account`` is hexadecimal, "" where no account is concerned.
    """

    height: int
    transaction: int | None
    what: str
    account: str
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"height {self.height}" + ("" if self.transaction is None else f", transaction {self.transaction}")
        whose = f" of account {self.account}" if self.account else ""
        return f"{place}: {self.what}{whose}\n  expected {self.expected}\n  found    {self.found}"


def plain(value: Any) -> str:
    """A message in one line: fields with their names, bytes in hexadecimal."""
    if value is None:
        return "nothing"
    if isinstance(value, bytes):
        return value.hex() or "empty"
    if hasattr(value, "_fields"):
        inner = ", ".join(f"{name} = {plain(part)}" for name, part in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return f"[{', '.join(map(plain, value))}]"
    return str(value)


def account_in(messages: Sequence[Any]) -> str:
    """The first account that differing messages name: an address, or the holder of an account's money."""
    return next((found for message in messages for found in _accounts(message)), "")


def _accounts(value: Any) -> Iterator[str]:
    if isinstance(value, bytes) and len(value) == ADDRESS_BYTES:
        yield value.hex()
    elif isinstance(value, bytes) and len(value) == ADDRESS_BYTES + 1:
        yield value[1:].hex()
    elif isinstance(value, tuple):
        for part in value:
            yield from _accounts(part)
