"""Makes a backup of a node, which may run, and a home of a backup.

Neither the validator's key nor its record of what it has signed is ever in a backup: an old record is how a validator
comes to sign twice. A restored home has the key and record that were in it before, or fresh ones without power.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from abci_app.app import LAST_BLOCK_KEY, App
from abci_app.state.store import StoreCorrupted
from abci_app.upgrade import WrongSoftware
from node.backup.archive import Contents, pack, unpack
from node.backup.errors import BackupDamaged, BackupError
from node.backup.freezing import holders
from node.backup.image import DATABASES, DOCUMENTS, STATE, take_image
from node.cometbft.home import CONFIG, GENESIS, SIGN_STATE, VALIDATOR_KEY, Home
from node.localnet.joining import make_follower
from node.localnet.plan import FILE
from node.store import StoreUnavailable, open_store
from node.toolchain import COMETBFT_VERSION
from wire.chain import BlockInfo
from wire.codec import decode

_WAL: Final = "data/cs.wal"


class Restored(NamedTuple):
    """What came of a restore: the node's folder, its block, and where what it replaced was put (None: nothing)."""

    node: Path
    chain_id: str
    block: BlockInfo
    set_aside: Path | None


def back_up(home: Path, file: Path) -> Contents:
    """Write the data of the node in a home to a new file; a running node stands still for a moment.

    Raises: BackupError, StoreUnavailable, HomeError, OSError.
    """
    with _scratch(home, "backup") as image:
        take_image(home, image)
        config = tomllib.loads((image / CONFIG).read_text())
        itself = f"{Home.open(home).node_id}@{config['p2p']['laddr'].removeprefix('tcp://')}"
        peers = [peer for peer in config["p2p"]["persistent_peers"].split(",") if peer]
        genesis: dict[str, Any] = json.loads((image / GENESIS).read_bytes())
        # Also shows that the copy can be opened.
        store = open_store(image)
        block = decode(BlockInfo, store.get(LAST_BLOCK_KEY) or b"")
        store.close()
        contents = Contents(
            chain_id=genesis["chain_id"],
            height=block.height,
            cometbft_version=COMETBFT_VERSION,
            peers=(itself, *peers),
        )
        return pack(image, contents, file)


def restore(file: Path, home: Path) -> Restored:
    """Put the data of a backup into the home of a stopped node, or make a new node of them where there is none.

    A node that is there keeps its keys, its settings and its record of what it signed. A new one gets fresh keys
    without power.

    Raises: BackupError, LocalnetError, HomeError, StoreUnavailable, OSError; the home is then as it was.
    """
    if (home / VALIDATOR_KEY).exists():
        return _restore_into(file, home)
    with _scratch(home, "restore") as stage:
        contents = unpack(file, stage)
        block = _checked(stage)
        genesis: dict[str, Any] = json.loads((stage / GENESIS).read_bytes())
        node = home / make_follower(home, genesis, contents.peers).validators[0].name
        for name in (*STATE, *DATABASES):
            if (stage / name).exists():
                (stage / name).rename(node / name)
    return Restored(node, contents.chain_id, block, None)


def _restore_into(file: Path, home: Path) -> Restored:
    """Replace the stores of a stopped node."""
    if not (home / SIGN_STATE).exists():
        raise BackupError(
            f"{home / SIGN_STATE} is missing: nobody knows what the key in this home has signed, and an older state "
            "could make it sign twice. Restore to another folder, as a new node, and give this validator a new key"
        )
    if holders(home):
        raise BackupError(f"the node in {home} runs: stop it first")
    with _scratch(home, "restore") as stage:
        contents = unpack(file, stage)
        own = json.loads((home / GENESIS).read_bytes())["chain_id"] if (home / GENESIS).exists() else contents.chain_id
        if own != contents.chain_id:
            raise BackupError(f"{file} is of chain {contents.chain_id!r}, and {home} of {own!r}")
        block = _checked(stage)
        aside = home / f"before-restore-{time.time_ns()}"
        for name in (*STATE, *DATABASES, _WAL):
            if (home / name).exists():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                (home / name).rename(aside / name)
        for name in (*STATE, *DATABASES, *DOCUMENTS):
            if (stage / name).exists() and not (home / name).exists():
                (stage / name).rename(home / name)
    return Restored(home, contents.chain_id, block, aside)


def _checked(stage: Path) -> BlockInfo:
    """The last block of an unpacked application, whose whole state must hash to its app hash."""
    try:
        store = open_store(stage)
        try:
            return App(store).last_block
        finally:
            store.close()
    except (StoreCorrupted, StoreUnavailable) as error:
        raise BackupDamaged(f"the application's state in the backup is of no use: {error}") from error
    except WrongSoftware as error:
        raise BackupError(f"the backup is whole, but not for this software: {error}, or restore with that") from error


@contextmanager
def _scratch(home: Path, purpose: str) -> Iterator[Path]:
    """A folder on the home's disk that is gone afterwards."""
    made = not home.exists()
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{purpose}-", dir=home))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        if made and not (home / FILE).exists():
            home.rmdir()
        raise
    shutil.rmtree(folder)
