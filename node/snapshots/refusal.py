"""Why a snapshot or a chunk of one is refused: every reason has a code of its own."""

from __future__ import annotations

from enum import IntEnum


class Fault(IntEnum):
    """What is wrong, in the order in which it is looked for. Numbers never change their meaning."""

    # The snapshot.
    UNKNOWN_FORMAT = 1
    METADATA_TOO_LARGE = 2
    METADATA_MALFORMED = 3
    HASH_MISMATCH = 4
    CHUNK_COUNT_MISMATCH = 5
    WRONG_APP_HASH = 6
    # A chunk.
    NOT_OFFERED = 20
    UNKNOWN_CHUNK = 21
    CHUNK_TOO_LARGE = 22
    CHUNK_MALFORMED = 23
    ITEM_OUT_OF_PLACE = 24
    ITEM_OUT_OF_ORDER = 25
    CHUNK_MISMATCH = 26
    # The whole.
    NO_PARAMETERS = 40


class SnapshotRefused(Exception):
    """A snapshot or chunk was refused, and nothing was changed by it."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(f"{fault.name} ({fault.value}): {message}")
        self.fault = fault
