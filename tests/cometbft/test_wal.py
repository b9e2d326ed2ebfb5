"""What is kept of CometBFT's write-ahead log."""

from __future__ import annotations

from pathlib import Path

from node.cometbft import wal


def test_the_newest_closed_parts_and_the_open_one_stay(tmp_path: Path) -> None:
    folder = tmp_path / wal.FOLDER
    folder.mkdir(parents=True)
    for name in ("wal", "wal.000", "wal.009", "wal.010", "wal.1000", "wal.bak"):
        (folder / name).touch()
    assert wal.trim(tmp_path) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["wal", "wal.010", "wal.1000", "wal.bak"]
    assert wal.trim(tmp_path) == 0


def test_a_home_without_a_log_is_left_alone(tmp_path: Path) -> None:
    assert wal.trim(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
