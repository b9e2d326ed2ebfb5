"""The gap that CometBFT leaves in its write-ahead log when it is killed between saving a block and saying so."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.cometbft.write_ahead_log import WAL, WalDamaged, mark_ended
from node.localnet.repair import repair
from tests.crash.node import DEADLINE_SECONDS, Node

pytestmark = pytest.mark.network

# CometBFT's fail points at a height: after each of its two votes, before the block is saved, after it, after the mark.
AFTER_SAVING_BLOCK_1 = "3"
COMPLAINT = "WAL does not contain #ENDHEIGHT for"


@pytest.fixture
def node() -> Iterator[Node]:
    """A node that was killed in the gap after its first block."""
    with tempfile.TemporaryDirectory(prefix="vc") as folder:
        made = Node(Path(folder, "n"))
        try:
            made.start(cometbft_failpoint=AFTER_SAVING_BLOCK_1)
            assert made.cometbft is not None
            made.cometbft.wait(DEADLINE_SECONDS)
            made.kill()
            yield made
        finally:
            made.kill()


def test_the_gap_is_closed_before_the_next_start_so_that_nothing_is_missing_then(node: Node) -> None:
    node.start()
    node.wait(lambda: node.height() >= 4, "there were more blocks")
    assert node.repairs == ["block 1 was saved when this node was ended; its write-ahead log knows now"]
    assert COMPLAINT not in node.log("cometbft")
    node.kill()
    # The marks that CometBFT writes itself are known as such.
    before = (node.folder / WAL).read_bytes()
    assert repair(node.folder) == []
    assert (node.folder / WAL).read_bytes() == before


def test_left_open_the_gap_is_what_cometbft_complains_of(node: Node) -> None:
    node.start(repaired=False)
    node.wait(lambda: node.height() >= 3, "there were more blocks")
    assert f"{COMPLAINT} 1" in node.log("cometbft")


def test_a_record_that_was_cut_off_does_not_come_between(node: Node) -> None:
    wal = node.folder / WAL
    whole = wal.read_bytes()
    wal.write_bytes(whole + bytes(3))
    assert mark_ended(node.folder, 1)
    marked = wal.read_bytes()
    assert marked[: len(whole)] == whole
    assert not mark_ended(node.folder, 1)
    node.start()
    node.wait(lambda: node.height() >= 3, "there were more blocks")
    assert COMPLAINT not in node.log("cometbft")


def test_a_log_that_is_damaged_otherwise_is_left_alone(node: Node) -> None:
    wal = node.folder / WAL
    wal.write_bytes(bytes(4) + b"\xff" * 60)
    with pytest.raises(WalDamaged, match="a record at byte 0 announces 4294967295 bytes"):
        mark_ended(node.folder, 1)
    assert repair(node.folder) == [
        "the write-ahead log is left as it is: a record at byte 0 announces 4294967295 bytes"
    ]


def test_a_node_without_blocks_or_log_needs_nothing(tmp_path: Path) -> None:
    assert repair(tmp_path) == []
    assert not mark_ended(tmp_path, 7)
