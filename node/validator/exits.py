"""How the application's process ends, so that a supervisor knows what to do even when no log could be written."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from abci_app.upgrade import WrongSoftware
from node.store import DiskFull, DiskReadOnly, StoreDamaged


class ValidatorExit(IntEnum):
    """Exit codes; those from 65 on are of sysexits.h."""

    SIGNALLED = 0
    FAILED = 1
    STORE_DAMAGED = 65
    DISK_READ_ONLY = 73
    DISK_FULL = 74
    WRONG_SOFTWARE = 78


# What passes once somebody has made room or mounted the disk again: to be tried again for as long as it takes.
PASSING: Final[Mapping[int, str]] = {
    ValidatorExit.DISK_FULL: "its disk is full: make room, it is tried again by itself",
    ValidatorExit.DISK_READ_ONLY: "its disk is read-only: make it writable, it is tried again by itself",
}

# What another start of the same program can't change: a damaged store, or an upgrade's height reached or not yet.
FINAL: Final[Mapping[int, str]] = {
    ValidatorExit.STORE_DAMAGED: "its store is damaged: its log says how, `vdg node rebuild` sets it aside",
    ValidatorExit.WRONG_SOFTWARE: "the next block needs another version of the software, which its log names",
}


def exit_for(error: BaseException | None) -> ValidatorExit:
    """The exit code for what ended the application."""
    match error:
        case DiskFull():
            return ValidatorExit.DISK_FULL
        case DiskReadOnly():
            return ValidatorExit.DISK_READ_ONLY
        case WrongSoftware():
            return ValidatorExit.WRONG_SOFTWARE
        case StoreDamaged():
            return ValidatorExit.STORE_DAMAGED
        case _:
            return ValidatorExit.FAILED
