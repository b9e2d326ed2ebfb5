"""A backup file: what is in it and what never is, and what becomes of one that is damaged."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abci_app.app import App
from node.backup.archive import CONTENTS, read_contents
from node.backup.backup import back_up, restore
from node.backup.errors import BackupDamaged, BackupError
from node.cometbft.home import CONFIG, SIGN_STATE, VALIDATOR_KEY, Home
from node.cometbft.settings import Settings, Wiring
from node.localnet.joining import NAME
from node.store.level import LevelStore
from tests.app import world
from tests.app.chain import Chain
from tests.governance.governed import GovernedChain
from wire.chain import BlockInfo, UpgradePlan
from wire.governance import Change


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped node's home. What is in CometBFT's databases does not matter here."""
    home = tmp_path_factory.mktemp("made") / "validator0"
    node = Home.create(home)
    node.write_config(Settings(), Wiring("validator0", "unix://app.sock", 20001, 20002, ("aa@127.0.0.1:20004",)))
    node.write_genesis({"chain_id": world.CHAIN_ID, "app_state": {}})
    store = LevelStore(home / "state")
    chain = Chain(store=store)
    chain.trade(slot=12)
    store.close()
    for database in ("blockstore.db", "state.db", "evidence.db"):
        (home / "data" / database).mkdir()
        (home / "data" / database / "CURRENT").write_text("MANIFEST-000000\n")
        (home / "data" / database / "000001.ldb").write_bytes(bytes(2000))
        (home / "data" / database / "LOCK").touch()
    (home / SIGN_STATE).write_text('{"height": "77", "round": 0, "step": 3}')
    return home


@pytest.fixture(scope="module")
def file(home: Path) -> Path:
    """A backup of it."""
    file = home.parent / "node.tar"
    back_up(home, file)
    return file


def last_block(home: Path) -> BlockInfo:
    """The application's last block in a home."""
    store = LevelStore(home / "state")
    try:
        return App(store).last_block
    finally:
        store.close()


def copied(home: Path, target: Path, *names: Path) -> Path:
    """A home with some files of another."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes((home / name).read_bytes())
    return target


def test_a_backup_holds_data_and_settings_and_nothing_that_signs(home: Path, file: Path) -> None:
    contents = read_contents(file)
    assert contents.chain_id == world.CHAIN_ID
    assert contents.height == last_block(home).height
    assert contents.peers == (f"{Home.open(home).node_id}@127.0.0.1:20002", "aa@127.0.0.1:20004")
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert {name.split("/")[1] for name in names if name.startswith("data/")} == {
        "blockstore.db",
        "state.db",
        "evidence.db",
    }
    assert {name for name in names if name.startswith("config/")} == {"config/genesis.json", "config/config.toml"}
    secret = json.loads((home / VALIDATOR_KEY).read_bytes())["priv_key"]["value"]
    assert secret.encode() not in file.read_bytes()
    # Nothing is left beside the node's own files.
    assert not list(home.glob(".*"))


def test_a_new_node_of_a_backup_has_the_state_and_keys_of_its_own(home: Path, file: Path, tmp_path: Path) -> None:
    done = restore(file, tmp_path / "new")
    node = tmp_path / "new" / NAME
    assert (done.node, done.set_aside, done.block) == (node, None, last_block(home))
    assert last_block(node) == last_block(home)
    assert Home.open(node).validator_key != Home.open(home).validator_key
    assert json.loads((node / SIGN_STATE).read_bytes())["height"] == "0"
    assert Home.open(home).node_id in (node / CONFIG).read_text()
    assert (node / "data" / "blockstore.db" / "000001.ldb").read_bytes() == bytes(2000)
    assert [path.name for path in (tmp_path / "new").glob(".*")] == []


def test_a_node_that_is_there_keeps_its_keys_and_what_it_signed(home: Path, file: Path, tmp_path: Path) -> None:
    target = copied(home, tmp_path / "validator0", VALIDATOR_KEY, SIGN_STATE, CONFIG, Path("config/node_key.json"))
    (target / "data" / "blockstore.db").mkdir()
    (target / "data" / "blockstore.db" / "old").touch()
    (target / "data" / "cs.wal").mkdir()
    done = restore(file, target)
    assert done.set_aside is not None
    assert (done.set_aside / "data" / "blockstore.db" / "old").exists()
    assert (done.set_aside / "data" / "cs.wal").exists()
    assert not (target / "data" / "blockstore.db" / "old").exists()
    assert (target / SIGN_STATE).read_bytes() == (home / SIGN_STATE).read_bytes()
    assert (target / VALIDATOR_KEY).read_bytes() == (home / VALIDATOR_KEY).read_bytes()
    assert last_block(target) == done.block


def test_a_validator_that_forgot_what_it_signed_is_not_restored(home: Path, file: Path, tmp_path: Path) -> None:
    target = copied(home, tmp_path / "validator0", VALIDATOR_KEY)
    with pytest.raises(BackupError, match="could make it sign twice"):
        restore(file, target)
    assert [path.name for path in target.iterdir()] == ["config"]


def test_a_backup_of_another_chain_is_refused(home: Path, file: Path, tmp_path: Path) -> None:
    target = copied(home, tmp_path / "validator0", VALIDATOR_KEY, SIGN_STATE)
    Home.open(copied(home, target, Path("config/node_key.json"))).write_genesis({"chain_id": "other"})
    with pytest.raises(BackupError, match=r"is of chain 'vdg-test', and .* of 'other'"):
        restore(file, target)
    assert not (target / "state").exists()


def test_a_backup_from_the_block_before_an_upgrade_names_the_software_that_can_restore_it(
    home: Path, tmp_path: Path
) -> None:
    halted = tmp_path / "halted"
    shutil.copytree(home, halted, ignore=shutil.ignore_patterns("state"))
    store = LevelStore(halted / "state")
    store.write(list(halted_chain()))
    store.close()
    back_up(halted, tmp_path / "halted.tar")
    with pytest.raises(BackupError, match="start version 2"):
        restore(tmp_path / "halted.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def halted_chain() -> Iterator[tuple[bytes, bytes]]:
    """All that is stored by a chain whose next block is for other software."""
    chain = GovernedChain()
    height = chain.app.last_block.height + 10
    chain.decide(Change(plan_upgrade=UpgradePlan(2, height)))
    while chain.app.last_block.height < height - 1:
        chain.block()
    return chain.store.iterate(b"", b"\xff")


def test_what_is_no_home_of_a_node_can_t_be_backed_up_and_no_file_is_overwritten(
    home: Path, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match=r"config/genesis\.json is missing"):
        back_up(tmp_path, tmp_path / "node.tar")
    before = file.read_bytes()
    with pytest.raises(BackupError, match="exists: choose another name"):
        back_up(home, file)
    assert file.read_bytes() == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_backup_that_is_cut_off_or_changed_anywhere_makes_no_node(
    file: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(file.read_bytes())
    with tarfile.open(file) as tar:
        # Behind it there is only the tar's padding.
        member = tar.getmember(CONTENTS)
    end = member.offset_data + member.size
    if data.draw(st.booleans(), label="cut off"):
        del content[data.draw(st.integers(0, end - 1), label="at") :]
    else:
        with tarfile.open(file) as tar:
            places = [(each.offset_data, each.size) for each in tar if each.size]
        start, size = data.draw(st.sampled_from(places), label="file")
        content[start + data.draw(st.integers(0, size - 1), label="byte")] ^= 1 << data.draw(st.integers(0, 7))
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "node.tar").write_bytes(content)
    try:
        restore(folder / "node.tar", folder / "new")
    except BackupDamaged:
        assert [path.name for path in folder.iterdir()] == ["node.tar"]
    else:
        # A changed letter of what only describes the node, such as its height.
        assert read_contents(folder / "node.tar").files == read_contents(file).files


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "config/priv_validator_key.json", str(SIGN_STATE)])
def test_a_backup_writes_nothing_but_data(file: Path, tmp_path: Path, name: str) -> None:
    text = read_contents(file)
    forged = text.model_copy(update={"files": (*text.files, text.files[0].model_copy(update={"path": name}))})
    place = tmp_path / "node.tar"
    with tarfile.open(place, "w") as tar:
        (tmp_path / CONTENTS).write_text(forged.model_dump_json())
        tar.add(tmp_path / CONTENTS, CONTENTS)
    with pytest.raises(BackupDamaged, match="no backup holds"):
        restore(place, tmp_path / "new")
    assert not (tmp_path / "new").exists()
