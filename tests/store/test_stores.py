"""LevelDB and SQLite are the same store to the application: order, atomic writes, one process at a time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.app import App
from node.store import DiskStore, SqliteStore, StoreUnavailable, open_store
from node.store.level import LevelStore
from tests.app.chain import Chain

Opener = Callable[[Path], DiskStore]
OPENERS: list[Opener] = [lambda home: LevelStore(home / "state"), lambda home: SqliteStore(home / "state.sqlite")]
both = pytest.mark.parametrize("opened", OPENERS, ids=["level", "sqlite"])

KEYS = st.binary(min_size=1, max_size=3)
WRITES = st.lists(st.dictionaries(KEYS, st.none() | st.binary(max_size=4), max_size=6), max_size=6)


@both
@settings(max_examples=40)
@given(writes=WRITES, start=KEYS, end=KEYS)
def test_a_store_is_an_ordered_map_that_survives_its_process(
    opened: Opener, writes: list[dict[bytes, bytes | None]], start: bytes, end: bytes
) -> None:
    model: dict[bytes, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for write in writes:
            store = opened(Path(folder))
            store.write(list(write.items()))
            store.close()
            model.update({key: value for key, value in write.items() if value is not None})
            for key in [key for key, value in write.items() if value is None]:
                model.pop(key, None)
        store = opened(Path(folder))
        assert list(store.iterate(start, end)) == sorted((k, v) for k, v in model.items() if start <= k < end)
        assert all(store.get(key) == value for key, value in model.items())
        assert store.get(b"absent") is None
        store.close()


@both
def test_a_write_that_fails_halfway_leaves_nothing(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write([(b"a", b"1")])
    with pytest.raises((TypeError, sqlite3.Error)):
        store.write([(b"a", b"2"), (b"b", object())])  # type: ignore[list-item]  # the mistake under test
    assert store.get(b"a") == b"1"
    assert store.get(b"b") is None
    store.close()


@both
def test_a_second_process_is_refused_with_a_way_out(opened: Opener, tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.write([(b"a", b"1")])
    name = "LevelStore" if isinstance(store, LevelStore) else "SqliteStore"
    place = "state" if name == "LevelStore" else "state.sqlite"
    module = "node.store.level" if name == "LevelStore" else "node.store.sqlite"
    code = f"from pathlib import Path; from {module} import {name}; {name}(Path({str(tmp_path / place)!r}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Another process may have it open; stop that one" in result.stderr
    store.close()


@both
def test_the_application_comes_back_from_either_with_the_same_hash(opened: Opener, tmp_path: Path) -> None:
    reference = Chain()
    entries = list(reference.store.iterate(b"", b"\xff"))
    store = opened(tmp_path)
    store.write(entries)
    store.close()
    store = opened(tmp_path)
    assert App(store).last_block == reference.app.last_block
    store.close()


def test_a_home_keeps_the_store_that_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_store(tmp_path / "new")
    assert isinstance(first, LevelStore)
    first.close()
    monkeypatch.setattr("node.store.find_spec", lambda _: None)
    without = open_store(tmp_path / "other")
    assert isinstance(without, SqliteStore)
    without.close()
    with pytest.raises(StoreUnavailable, match=r"written with LevelDB.*use 3\.12"):
        open_store(tmp_path / "new")
    monkeypatch.undo()
    again = open_store(tmp_path / "other")
    assert isinstance(again, SqliteStore)
    again.close()
