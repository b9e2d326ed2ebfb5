"""Where built releases are kept, outside any checkout, and how two builders keep out of each other's way."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.toolchain.errors import ToolchainError
from node.toolchain.release import BINARIES, Release

# Called with an empty work folder; returns the folder inside it that holds the finished binaries.
Build = Callable[[Path], Path]
Report = Callable[[str], None]


def default_root() -> Path:
    """`$XDG_CACHE_HOME/vdg`, or `~/.cache/vdg` (XDG Base Directory Specification: a relative value is ignored)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
    return base / "vdg"


@dataclass(frozen=True)
class BinaryCache:
    """Built releases, one folder for each version and kind of machine.

    A folder appears by one rename when it is complete, so whoever finds a binary finds a whole one.
    """

    root: Path

    def folder(self, release: Release) -> Path:
        """Where the binaries of a release are, or will be."""
        return self.root / "cometbft" / f"{release.version}-{platform.system()}-{platform.machine()}".lower()

    def log(self, release: Release) -> Path:
        """The log of the last build of a release."""
        return self.folder(release).with_suffix(self.folder(release).suffix + ".log")

    def find(self, release: Release) -> Path | None:
        """The folder of a release that was built before; None when there is none."""
        folder = self.folder(release)
        return folder if all(os.access(folder / name, os.X_OK) for name in BINARIES) else None

    def obtain(self, release: Release, build: Build, report: Report) -> Path:
        """The folder with the release's binaries; calls `build` when nobody has built it yet.

        Raises:
            ToolchainError: from `build`, or when the cache cannot be written or its disk is full.
        """
        if found := self.find(release):
            return found
        target = self.folder(release)
        try:
            with self._lock(release, report):
                # Whoever held the lock before may have built it.
                return self.find(release) or self._build(target, build)
        except OSError as error:
            raise ToolchainError(
                f"the cache {self.root} cannot be used: {error.strerror or error}. "
                "Free some space there, or set XDG_CACHE_HOME to a folder that can be written"
            ) from error

    def _build(self, target: Path, build: Build) -> Path:
        work = target.with_name(f"{target.name}.work")
        # Left by a build that was killed; ours by the lock.
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            finished = build(work)
            shutil.rmtree(target, ignore_errors=True)
            finished.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return target

    @contextmanager
    def _lock(self, release: Release, report: Report) -> Iterator[None]:
        target = self.folder(release)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_name(f"{target.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report(f"another process is building CometBFT {release.version}; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            # The kernel lets go of the lock when the file is closed, however this process ends.
            yield
