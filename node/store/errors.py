"""Why a store can't be used: each error names the store, what is wrong with it, and the way out."""

from __future__ import annotations

from pathlib import Path


class StoreUnavailable(Exception):
    """The place can't be used as a store; the message says why and what to do."""

    way_out = "Another process may have it open; stop that one"

    def __init__(self, place: Path, reason: object) -> None:
        super().__init__(f"store {place}: {reason}. {self.way_out}")
        self.place = place


class StoreDamaged(StoreUnavailable):
    """What lies on the disk is not what was written, or not all of it. Starting again gives the same."""

    way_out = (
        "It is damaged: stop the node, then `vdg node rebuild --home HOME` sets it aside and says how its content is "
        "made anew from the chain's blocks"
    )


class DiskFull(StoreUnavailable):
    """There is no room left to write. What was committed is whole; it goes on once there is room."""

    way_out = "Make room on that disk; the node goes on from its last block when it is started again"


class DiskReadOnly(StoreUnavailable):
    """The place can't be written to. What was committed is whole; it goes on once it can be written to."""

    way_out = (
        "Make that disk and folder writable for this user (a disk that turned read-only by itself is often failing: "
        "see the kernel's log); the node goes on from its last block when it is started again"
    )
