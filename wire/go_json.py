"""How Go's JSON writes bytes and times."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Json = Mapping[str, Any]

_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def parse_time_ns(text: str) -> int:
    """An RFC 3339 time in UTC as nanoseconds since 1970; a float or datetime would lose the last digits.

    Raises:
        ValueError: when the text is no such time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no RFC 3339 time in UTC")
    seconds = int(datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))


def format_time_ns(time_ns: int) -> str:
    """Nanoseconds since 1970 as an RFC 3339 time in UTC."""
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{fraction:09d}Z"


def from_base64(text: str | None) -> bytes:
    """Bytes that Go's JSON writes as base64, or as null when empty."""
    return base64.b64decode(text, validate=True) if text else b""


def to_base64(data: bytes) -> str:
    """Bytes as Go's JSON wants them."""
    return base64.b64encode(data).decode()
