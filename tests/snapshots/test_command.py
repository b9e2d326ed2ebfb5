"""What `vdg node` says of input that it can't use: which, and the way out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from node.cometbft.home import Home
from tests.snapshots.vdg import vdg


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    """The folder of `vdg node join`, whose node is one deeper."""
    Home.create(tmp_path / "joined" / "node")
    return tmp_path / "joined"


async def test_a_backup_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    _, told = await vdg("restore", str(tmp_path / "none.tar"), "--home", str(tmp_path / "new"), code=2)
    assert told == (
        f"vdg: {tmp_path}/none.tar: can't be read (No such file or directory): give a file of `vdg node backup`\n"
    )
    assert not (tmp_path / "new").exists()


async def test_a_file_that_is_no_backup_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "node.tar").write_text(json.dumps({}))
    _, told = await vdg("restore", str(tmp_path / "node.tar"), "--home", str(tmp_path / "new"), code=2)
    assert "node.tar is no whole backup: its list of contents is missing" in told
    assert told.endswith(": give another copy of it\n")


async def test_a_backup_is_written_to_a_new_file_in_a_folder_that_is_there(joined: Path) -> None:
    home, there = str(joined / "node"), joined / "there.tar"
    there.touch()
    _, told = await vdg("backup", str(there), "--home", home, code=2)
    assert told == f"vdg: {there} exists: choose another name\n"
    _, told = await vdg("backup", str(joined / "nowhere" / "node.tar"), "--home", home, code=2)
    assert told == f"vdg: {joined}/nowhere is no folder: make it, or choose another one for node.tar\n"


async def test_a_folder_that_holds_a_node_is_not_taken_for_the_node(joined: Path) -> None:
    for command in (["status"], ["backup", str(joined / "node.tar")], ["rebuild"]):
        _, told = await vdg(*command, "--home", str(joined), code=2)
        assert told == f"vdg: {joined} is no home of a node, which has config/ and data/: give --home {joined}/node\n"
    shutil.rmtree(joined / "node")
    _, told = await vdg("status", "--home", str(joined), code=2)
    assert told.endswith("give one as run/localnet/validator0\n")


async def test_a_backup_is_not_put_beside_a_node(joined: Path) -> None:
    _, told = await vdg("restore", str(joined / "node.tar"), "--home", str(joined), code=2)
    assert told == (
        f"vdg: {joined} holds a node already: give --home {joined}/node to put the backup in its place, "
        "or another folder\n"
    )


async def test_state_sync_from_one_node_is_bad_input(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    _, told = await vdg("join", "--from", url, "--from", url, "--home", str(tmp_path / "new"), code=2)
    assert told == f"vdg: --from = {url}: state sync needs two nodes, so that one can't deceive; give it twice\n"
    assert not (tmp_path / "new").exists()


async def test_a_state_is_not_set_aside_for_one_node_to_make_anew(joined: Path) -> None:
    url = "http://127.0.0.1:1"
    _, told = await vdg("rebuild", "--home", str(joined / "node"), "--from", url, code=2)
    assert "state sync needs two nodes" in told
