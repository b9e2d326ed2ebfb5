"""Why a store can't be used."""

from __future__ import annotations

from pathlib import Path


class StoreUnavailable(Exception):
    """The place can't be opened as a store; the message says why and what to do."""

    def __init__(self, place: Path, reason: object) -> None:
        super().__init__(
            f"store {place}: {reason}. Another process may have it open; stop that one. If the disk is damaged, "
            "remove the data folders of application and CometBFT, and sync anew"
        )
