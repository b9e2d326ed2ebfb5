"""Takes snapshots in the background while blocks go on."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from node.snapshots.folder import SnapshotFolder
from node.snapshots.taking import Subject, write_snapshot
from node.store import DEFAULT_RESERVE_BYTES
from node.store.disk import Disk

# It rests for half the time that it computes: the application shares its process, and Python's lock, with it.
_REST_PER_WORK: Final = 0.5
# A snapshot is given up long before its disk is as full as would end the node.
RESERVE_BYTES: Final = 4 * DEFAULT_RESERVE_BYTES

log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The process ends, or the store is replaced."""


class Taker:
    """One snapshot at a time, in a thread of its own that reads a view of the store."""

    def __init__(self, folder: SnapshotFolder) -> None:
        self._folder = folder
        self._disk = Disk(folder.path, RESERVE_BYTES)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a snapshot is being taken."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, subject: Subject) -> None:
        """Start to take a snapshot; the view is closed when that is over, however it ends."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._take, args=(subject,), name="snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up a snapshot that is being taken; returns when its view is closed."""
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until no snapshot is being taken."""
        if self._thread is not None:
            self._thread.join()

    def _take(self, subject: Subject) -> None:
        started = time.monotonic()
        try:
            draft = self._folder.draft(subject.height)
            try:
                write_snapshot(subject, draft, _Pacer(self._stop, self._disk).pause)
                offer = self._folder.publish(subject.height, draft)
            except BaseException:
                self._folder.discard(draft)
                raise
        except _Stopped:
            log.info("snapshot of height %d given up: the application ends", subject.height)
        except Exception:
            # The chain goes on without this snapshot; the next one is tried at its height.
            log.exception("no snapshot of height %d", subject.height)
        else:
            log.info(
                "snapshot of height %d: %d chunks, taken in %.1f s, computing for %.1f s of them",
                offer.height,
                offer.chunks,
                time.monotonic() - started,
                time.thread_time(),
            )
        finally:
            subject.view.close()


class _Pacer:
    """Rests in proportion to work."""

    def __init__(self, stop: threading.Event, disk: Disk) -> None:
        self._stop = stop
        self._disk = disk
        self._since = time.thread_time()

    def pause(self) -> None:
        """Rest in proportion to what was computed since the last rest. Raises: _Stopped, DiskFull."""
        self._disk.require_room()
        worked_s = time.thread_time() - self._since
        if self._stop.wait(worked_s * _REST_PER_WORK):
            raise _Stopped
        self._since = time.thread_time()
