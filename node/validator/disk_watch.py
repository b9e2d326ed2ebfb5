"""Watches the disk while the application serves, because CometBFT does not.

A CometBFT that can't write stops its consensus and lives on, idle: then no request comes any more by which the
application could notice. So the disk is looked at every second, and the process is ended as by SIGTERM; its supervisor
ends CometBFT with it.
"""

from __future__ import annotations

import os
import signal
import threading
from types import TracebackType
from typing import Final, Self

from node.store.disk import Disk
from node.store.errors import StoreUnavailable

_LOOK_SECONDS: Final = 1.0


class DiskWatch:
    """Use it as a context manager around serving.

    Raises: DiskFull or DiskReadOnly at the end of the context, when the disk is so then.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._found: StoreUnavailable | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="disk watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if error is not None:
            return
        if self._found is not None:
            raise self._found
        # A CometBFT that ends because it can't write takes the application along, which may not have looked since.
        self._disk.require_room()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            try:
                self._disk.require_room()
            except StoreUnavailable as error:
                self._found = error
                os.kill(os.getpid(), signal.SIGTERM)
                return
