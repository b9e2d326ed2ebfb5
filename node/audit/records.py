"""Which record of the state differs, where the node can still show its state after the block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.audit.finding import Finding, account_in, plain
from node.history.errors import HistoryError
from node.history.source import Source
from wire.address import ADDRESS_BYTES
from wire.codec import CodecError, decode, encode


async def first_difference(source: Source, height: int, changes: Mapping[bytes, Any]) -> Finding | None:
    """The first of the records that a block changed (in order of key) that the node has otherwise.

    None where the node keeps that state no more, or all of these records agree: the difference is then in one that the
    block should have left alone.
    """
    for key in sorted(changes):
        expected = changes[key]
        store, _, item = key.partition(b"/")
        try:
            found = await source.value(store.decode(), item, height)
        except HistoryError:
            return None
        if found == (b"" if expected is None else encode(expected)):
            continue
        shown = _read(type(expected), found)
        account = account_in((expected, shown)) or item[-ADDRESS_BYTES:].hex() * (len(item) >= ADDRESS_BYTES)
        what = f"record {store.decode()}/{_readable(item)}"
        return Finding(height, None, what, account, plain(expected), plain(shown))
    return None


def _read(type_: type[Any], data: bytes) -> Any:
    """A record as a message; its bytes where it is none, or should not be there."""
    if type_ is type(None) or not data:
        return data or None
    try:
        return decode(type_, data)
    except CodecError:
        return data


def _readable(key: bytes) -> str:
    """A key with what is no printable ASCII in hexadecimal."""
    return "".join(chr(byte) if 0x20 < byte < 0x7F else f"\\x{byte:02x}" for byte in key)
