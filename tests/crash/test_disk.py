"""A full disk and a read-only one end the application by name, and it goes on from there; so does a real node."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from node.store import DiskFull
from node.store.disk import Disk
from node.validator.disk_watch import DiskWatch
from node.validator.exits import ValidatorExit
from tests.crash.node import DEADLINE_SECONDS, Gone, Node
from tests.crash.traffic import Traffic
from tests.crash.undisturbed import check_store

pytestmark = pytest.mark.network

BALLOON_BYTES = 128 << 20


class Balloon:
    """Fills the node's disk below a reserve that it hardly holds; others may make room there meanwhile."""

    def __init__(self, node: Node) -> None:
        self.reserve_mib = (shutil.disk_usage(node.folder).free - BALLOON_BYTES // 2) >> 20
        self._file = node.folder / "balloon"

    def blow(self) -> None:
        """Grow by as much as is needed now."""
        over = shutil.disk_usage(self._file.parent).free - (self.reserve_mib << 20)
        if over >= 0:
            with self._file.open("ab") as file:
                os.posix_fallocate(file.fileno(), file.tell(), over + BALLOON_BYTES)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as there are sockets in it."""
    with tempfile.TemporaryDirectory(prefix="vc") as name:
        yield Path(name)


@pytest.fixture
def node(folder: Path) -> Iterator[Node]:
    """Ended at the end, whatever happened."""
    made = Node(folder / "n")
    yield made
    made.kill()


def app_exit(node: Node) -> int:
    """Wait for the application's end."""
    assert node.app is not None
    return node.app.wait(DEADLINE_SECONDS)


def last_error(node: Node) -> str:
    """The last line that the application logged as an error."""
    return [line for line in node.log("app").splitlines() if " ERROR vdg.validator " in line][-1]


def go_on(node: Node, traffic: Traffic) -> None:
    """Start it; everything that was sent is in one block each, and the store is as if nothing had been."""
    node.kill()
    node.start()

    def settled() -> bool:
        traffic.pump(node, new=False)
        return not traffic.outstanding

    node.wait(settled, "every transfer was in a block")
    traffic.check_chain(node)
    assert node.stop() == (0, 0)
    check_store(node.folder)


def test_a_disk_that_fills_in_the_middle_of_a_write_ends_the_node_which_goes_on_once_there_is_room(node: Node) -> None:
    traffic = Traffic(seed=1)
    node.start()
    node.wait(lambda: node.height() >= 2, "there were blocks")
    assert node.app is not None
    # From here on the kernel takes no byte more of the store's journal, in the middle of some commit.
    _, hard = resource.prlimit(node.app.pid, resource.RLIMIT_FSIZE)
    journal = next((node.folder / "state").glob("*.log"))
    resource.prlimit(node.app.pid, resource.RLIMIT_FSIZE, (journal.stat().st_size + 700, hard))
    while node.app.poll() is None:
        with suppress(Gone):
            traffic.pump(node)
    assert app_exit(node) == ValidatorExit.DISK_FULL
    assert "store state: File too large. Make room on that disk; the node goes on" in last_error(node)
    go_on(node, traffic)


def test_a_node_with_little_room_left_does_not_start_and_says_how_much_is_kept_free(node: Node) -> None:
    free_mib = shutil.disk_usage(node.folder).free >> 20
    node.app_options = ("--reserve-mib", str(2 * free_mib))
    node.start_app()
    assert app_exit(node) == ValidatorExit.DISK_FULL
    assert "are kept free (--reserve-mib). Make room on that disk" in last_error(node)
    node.app_options = ()
    node.start()
    node.wait(lambda: node.height() >= 1, "there was a block")


def test_an_application_that_nobody_asks_for_anything_notices_that_its_disk_fills(node: Node) -> None:
    balloon = Balloon(node)
    node.app_options = ("--reserve-mib", str(balloon.reserve_mib))
    node.start_app()
    assert node.app is not None
    while node.app.poll() is None:
        balloon.blow()
    assert app_exit(node) == ValidatorExit.DISK_FULL
    assert "are kept free (--reserve-mib)" in last_error(node)


def test_an_application_that_is_ended_before_it_has_looked_at_a_full_disk_names_it_all_the_same(folder: Path) -> None:
    with pytest.raises(DiskFull), DiskWatch(Disk(folder / "state", reserve_bytes=1 << 62)):
        pass


def test_an_application_that_ends_already_is_not_ended_otherwise_by_its_supervisor(node: Node) -> None:
    balloon = Balloon(node)
    node.app_options = ("--reserve-mib", str(balloon.reserve_mib))
    node.start_app()
    assert node.app is not None
    while node.app.poll() is None and "node.abci.server stopped" not in node.log("app"):
        balloon.blow()
    node.app.send_signal(signal.SIGTERM)
    assert app_exit(node) == ValidatorExit.DISK_FULL


def test_a_read_only_home_ends_the_application_by_name_and_harms_nothing(node: Node) -> None:
    traffic = Traffic(seed=2)
    node.start()
    node.wait(lambda: node.height() >= 2, "there were blocks")
    traffic.pump(node)
    node.kill()
    folders = [node.folder, node.folder / "state"]
    for folder in folders:
        folder.chmod(0o555)
    try:
        node.start_app()
        assert app_exit(node) == ValidatorExit.DISK_READ_ONLY
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert "store state: Permission denied. Make that disk and folder writable" in last_error(node)
    go_on(node, traffic)
