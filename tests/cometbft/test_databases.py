"""Databases of a first start that was cut off, as CometBFT leaves them, and others that are not to be touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.cometbft.databases import remove_unfinished
from node.cometbft.home import SIGN_STATE

UNFINISHED = {"LOCK": b"", "LOG": b"created", "MANIFEST-000000": b"leveldb"}


def database(home: Path, name: str, files: dict[str, bytes]) -> Path:
    folder = home / "data" / name
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return folder


def sign_state(home: Path, height: int = 0, **more: str) -> None:
    (home / SIGN_STATE).parent.mkdir(parents=True, exist_ok=True)
    (home / SIGN_STATE).write_text(json.dumps({"height": str(height), "round": 0, "step": 0} | more))


@pytest.mark.parametrize("missing", [set(), {"MANIFEST-000000"}, {"LOG", "MANIFEST-000000"}])
def test_a_database_without_its_entry_point_is_removed_before_anything_was_signed(
    tmp_path: Path, missing: set[str]
) -> None:
    sign_state(tmp_path)
    whole = database(tmp_path, "blockstore.db", UNFINISHED | {"CURRENT": b"MANIFEST-000000\n", "000001.log": b""})
    cut_off = database(tmp_path, "state.db", {name: data for name, data in UNFINISHED.items() if name not in missing})
    assert remove_unfinished(tmp_path) == [cut_off]
    assert not cut_off.exists()
    assert whole.exists()
    assert remove_unfinished(tmp_path) == []
    assert (tmp_path / SIGN_STATE).exists()


@pytest.mark.parametrize("file", ["000001.log", "000002.ldb", "000002.sst", "CURRENT.1", "CURRENT.bak"])
def test_what_may_hold_something_is_left_alone(tmp_path: Path, file: str) -> None:
    sign_state(tmp_path)
    folder = database(tmp_path, "state.db", UNFINISHED | {file: b"something"})
    assert remove_unfinished(tmp_path) == []
    assert folder.exists()


def test_a_node_that_has_signed_is_left_alone(tmp_path: Path) -> None:
    folder = database(tmp_path, "state.db", UNFINISHED)
    sign_state(tmp_path, height=1)
    assert remove_unfinished(tmp_path) == []
    sign_state(tmp_path, signature="c2lnbmVk")
    assert remove_unfinished(tmp_path) == []
    (tmp_path / SIGN_STATE).write_text("{")
    assert remove_unfinished(tmp_path) == []
    (tmp_path / SIGN_STATE).unlink()
    assert remove_unfinished(tmp_path) == []
    assert folder.exists()
