"""A property that does not hold for some bytes."""

from __future__ import annotations


class FuzzFinding(Exception):
    """What should hold, and the bytes for which it does not."""


def hold(holds: bool, what: str, data: bytes) -> None:
    """Raises: FuzzFinding when it does not."""
    if not holds:
        raise FuzzFinding(f"{what}: {data.hex()}")
