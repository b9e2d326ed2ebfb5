"""The disk below a store: whether there is room on it, and what is wrong when it takes no more writes."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from node.store.errors import DiskFull, DiskReadOnly, StoreUnavailable

# CometBFT stops for ever when it can't write, and may leave a half-written file; so the node ends while there is
# still room for what CometBFT writes between two commits (a block of 4 MiB, three times), and for logs that say why.
DEFAULT_RESERVE_BYTES: Final = 64 * 1024 * 1024
_PROBE_BYTES: Final = 1024 * 1024
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY: Final = {errno.EROFS, errno.EACCES, errno.EPERM}


class Disk:
    """Watches the disk of one store; below `reserve_bytes` of free room it counts as full."""

    def __init__(self, place: Path, reserve_bytes: int = DEFAULT_RESERVE_BYTES) -> None:
        self._place = place
        self._reserve_bytes = reserve_bytes

    def require_room(self) -> None:
        """Raises: DiskFull when less than the reserve is free, DiskReadOnly when the disk has become read-only."""
        try:
            disk = os.statvfs(self._place.parent)
        except OSError as error:
            raise StoreUnavailable(self._place, error.strerror) from error
        if disk.f_flag & os.ST_RDONLY:
            raise DiskReadOnly(self._place, "the disk is mounted read-only")
        free_bytes = disk.f_bavail * disk.f_frsize
        # Some network disks tell no size at all.
        if disk.f_blocks and free_bytes < self._reserve_bytes:
            raise DiskFull(
                self._place,
                f"the disk has {free_bytes // 1024:,} KiB left, and {self._reserve_bytes // 1024:,} KiB "
                "are kept free (--reserve-mib)",
            )

    def require_writable(self) -> None:
        """Write and sync a file beside the store, and remove it.

        Raises: DiskFull, DiskReadOnly, or StoreUnavailable for whatever else the disk says.
        """
        probe = self._place.with_name(f".{self._place.name}.probe")
        try:
            try:
                with probe.open("wb") as file:
                    file.write(bytes(_PROBE_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFull(self._place, error.strerror) from error
            if error.errno in _READ_ONLY:
                raise DiskReadOnly(self._place, error.strerror) from error
            raise StoreUnavailable(self._place, error.strerror) from error

    def explain(self, error: Exception) -> StoreUnavailable:
        """What an error of the database came of. It says so itself only in words, so the disk is tried instead."""
        try:
            self.require_writable()
        except StoreUnavailable as found:
            return found
        return StoreUnavailable(self._place, error)
