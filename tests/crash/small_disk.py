"""A disk of its own for a campaign: its power can be cut, it can be filled and made read-only. Needs root."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

# EXT4_IOC_SHUTDOWN of linux/fs/ext4/ioctl.c: no write reaches the disk any more, and the journal isn't flushed.
_SHUTDOWN: Final = 0x8004587D
_NO_FLUSH: Final = 2
DISK_MIB: Final = 256
UNPLUG_SECONDS: Final = 30.0


class SmallDisk:
    """An ext4 file system in a file, mounted by loop device."""

    def __init__(self, image: Path, mount: Path) -> None:
        self._image = image
        self._mount = mount
        with image.open("wb") as file:
            file.truncate(DISK_MIB << 20)
        _run("mkfs.ext4", "-q", "-m", "0", str(image))
        mount.mkdir()
        # The same device throughout: a second one for the same image could write beside the first.
        self._device = _run("losetup", "--find", "--show", str(image)).strip()
        self.plug_in()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._mount

    def plug_in(self) -> None:
        """Mount it; the journal is replayed, as after a power cut."""
        _run("mount", self._device, str(self._mount))

    def cut_power(self) -> None:
        """From now on nothing is written: what was not synced is lost. Processes see input/output errors."""
        folder = os.open(self._mount, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _NO_FLUSH))
        finally:
            os.close(folder)

    def unplug(self) -> None:
        """Unmount it, once the kernel is done with the processes that used it. Raises: TimeoutError."""
        deadline = time.monotonic() + UNPLUG_SECONDS
        while subprocess.run(["umount", str(self._mount)], check=False, capture_output=True).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._mount} is still in use")
            time.sleep(0.05)

    def remove(self) -> None:
        """Unmount it and give its device back."""
        self.unplug()
        _run("losetup", "--detach", self._device)

    def fill(self) -> None:
        """Leave no byte free."""
        with self._balloon.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))

    def make_room(self) -> None:
        """Undo ``fill``."""
        self._balloon.unlink()

    def set_read_only(self, read_only: bool) -> None:
        """Mount it anew; no process may write to it then."""
        _run("mount", "-o", f"remount,{'ro' if read_only else 'rw'}", str(self._mount))

    @property
    def _balloon(self) -> Path:
        return self._mount / "balloon"


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A small disk that is unmounted at the end."""
    disk = SmallDisk(folder / "image", folder / "disk")
    try:
        yield disk
    finally:
        disk.remove()


def why_not() -> str:
    """Why there can be no such disk here; empty when there can."""
    if os.geteuid() != 0:
        return "only root can mount file systems"
    return "" if Path("/dev/loop-control").exists() else "there are no loop devices"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
