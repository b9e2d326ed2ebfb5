"""A transaction before it is signed."""

from __future__ import annotations

from typing import Any, NamedTuple


class Letter(NamedTuple):
    """Who sends what; ``key`` signs in place of the sender's own, ``changes`` replace fields of the body.

    ``raw`` are bytes that go out as they are: no transaction at all, or one that was sent before.
    """

    sender: str = ""
    message: Any = None
    key: str = ""
    changes: tuple[tuple[str, Any], ...] = ()
    raw: bytes | None = None
