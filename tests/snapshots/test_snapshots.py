"""What a snapshot is: the same bytes on every node, and enough to come up as if all blocks had been executed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.app import App
from abci_app.state.store import MemoryStore, StoreView
from abci_app.state.tree import StateTree, TreeView
from node.snapshots import taker, taking
from node.snapshots.folder import SnapshotFolder
from node.snapshots.layout import FORMAT, checked, subtree_roots
from node.snapshots.service import Snapshots
from node.snapshots.taking import Subject
from node.store.level import LevelStore
from node.store.sqlite import SqliteStore
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.snapshots.transfer import restored, taken
from wire.codec import decode
from wire.ledger import Transfer
from wire.snapshot import SnapshotChunk


def busy_chain(chain: Chain, blocks: int) -> None:
    """Trade and pay for some blocks."""
    chain.trade(slot=12)
    for number in range(blocks):
        chain.do("ann", Transfer(address("bob"), 1 + number))


def test_snapshots_of_the_same_height_are_byte_identical_whatever_the_store_and_its_history(tmp_path: Path) -> None:
    level, sqlite = LevelStore(tmp_path / "state"), SqliteStore(tmp_path / "state.sqlite")
    chains = [Chain(store=store) for store in (MemoryStore(), level, sqlite)]
    for chain in chains:
        busy_chain(chain, 5)
    chains[1].app = App(level)
    found = [taken(chain.app, tmp_path / str(index)) for index, chain in enumerate(chains)]
    for folder in found[1:]:
        assert [offer._asdict() for offer in folder.offers] == [offer._asdict() for offer in found[0].offers]
        offer = folder.offers[0]
        chunks = [folder.chunk(offer.height, FORMAT, index) for index in range(offer.chunks)]
        assert chunks == [found[0].chunk(offer.height, FORMAT, index) for index in range(offer.chunks)]
    level.close()
    sqlite.close()


def test_a_restored_application_goes_on_as_if_it_had_executed_all_blocks(tmp_path: Path) -> None:
    chain = Chain()
    busy_chain(chain, 3)
    state = restored(chain.app, tmp_path)
    assert state.app.last_block == chain.app.last_block
    assert state.app.query("/chain/GetParameters", b"") == chain.app.query("/chain/GetParameters", b"")
    # The slot settles from what only the state can tell: orders, contracts, due work, nonces.
    for time_s in range(chain.time_s + 1, chain.time_s + 40_000, 600):
        tx = chain.tx("ann", Transfer(address("bob"), 7), expires_s=time_s + 60)
        for app in (chain.app, state.app):
            app.check_tx(tx)
        height = chain.app.last_block.height + 1
        expected, found = (app.finalize_block(height, time_s * 10**9, [tx, tx]) for app in (chain.app, state.app))
        assert found == expected
        chain.app.commit()
        state.app.commit()
    assert chain.app.last_block == state.app.last_block
    state.close()


def test_a_restored_application_survives_a_restart_and_proves_its_new_heights(tmp_path: Path) -> None:
    chain = Chain()
    state = restored(chain.app, tmp_path)
    state.replace(lambda: None)
    for _ in range(3):
        done = chain.finalize()
        height = chain.app.last_block.height
        assert state.app.finalize_block(height, chain.time_s * 10**9, []).app_hash == done.app_hash
        state.app.commit()
    assert state.app.query("/store/chain/key", b"p", 0, prove=True) == chain.app.query(
        "/store/chain/key", b"p", 0, prove=True
    )
    state.close()


ITEMS = st.dictionaries(
    st.tuples(st.sampled_from([b"chain", b"ledger", b"x"]), st.binary(min_size=1, max_size=6)).map(b"/".join),
    st.binary(max_size=2000),
    max_size=60,
)


@settings(max_examples=25)
@given(items=ITEMS, target=st.sampled_from([1, 500, 5_000, 1_000_000]))
def test_any_state_is_cut_into_chunks_that_lead_back_to_its_app_hash(
    tmp_path_factory: pytest.TempPathFactory, items: dict[bytes, bytes], target: int
) -> None:
    store = MemoryStore()
    store.write(list(items.items()))
    tree = StateTree(items.items())
    view = TreeView(tree)
    folder = SnapshotFolder(tmp_path_factory.mktemp("home"), 2)
    roots = tuple((name, subtree_roots(view, name)) for name, _ in view.roots())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "TARGET_CHUNK_BYTES", target)
        draft = folder.draft(9)
        taking.write_snapshot(Subject(9, 77, roots, store), draft, lambda: None)
    offer = folder.publish(9, draft)
    layout = checked(offer, tree.root)
    assert layout.time_s == 77
    found = {}
    for index, part in enumerate(layout.parts):
        chunk = decode(SnapshotChunk, folder.chunk(9, FORMAT, index))
        found.update({part.store + b"/" + item.key: item.value for item in chunk.items})
    assert found == items


class _SlowView:
    """A view of which nothing can be read before it is let go."""

    def __init__(self, view: StoreView, gate: threading.Event) -> None:
        self._view = view
        self._gate = gate
        self.closed = False

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        self._gate.wait(30)
        yield from self._view.iterate(start, end)

    def close(self) -> None:
        self.closed = True


def test_blocks_go_on_while_a_snapshot_is_taken_and_do_not_show_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, undisturbed, gate = Chain(), Chain(), threading.Event()
    view = _SlowView(chain.app.view(), gate)
    monkeypatch.setattr(chain.app, "view", lambda: view)
    snapshots = Snapshots(tmp_path / "a", interval_blocks=1)
    snapshots.committed(chain.app)
    busy_chain(chain, 3)
    # The next height is let out, as one snapshot is taken at a time.
    snapshots.committed(chain.app)
    assert snapshots.offers == []
    gate.set()
    snapshots.wait()
    assert [offer.height for offer in snapshots.offers] == [1]
    assert snapshots.offers == taken(undisturbed.app, tmp_path / "b").offers
    assert view.closed


def test_a_snapshot_that_is_being_taken_is_given_up_when_the_application_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, gate = Chain(), threading.Event()
    view = _SlowView(chain.app.view(), gate)
    monkeypatch.setattr(chain.app, "view", lambda: view)
    snapshots = Snapshots(tmp_path, interval_blocks=1)
    snapshots.committed(chain.app)
    threading.Timer(0.1, gate.set).start()
    snapshots.close()
    assert view.closed
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_the_newest_snapshots_are_kept_and_unfinished_ones_are_removed_at_the_start(tmp_path: Path) -> None:
    chain = Chain()
    snapshots = Snapshots(tmp_path, interval_blocks=2, kept=2)
    for _ in range(7):
        chain.block()
        snapshots.committed(chain.app)
        snapshots.wait()
    assert [offer.height for offer in snapshots.offers] == [6, 8]
    folder = tmp_path / "snapshots"
    assert sorted(path.name for path in folder.iterdir()) == ["6-1", "8-1"]
    # What a crash may leave: a draft, a folder that lost a chunk, one of another time's format, a stray file.
    (folder / ".10-1").mkdir()
    (folder / ".10-1" / "0").write_bytes(b"half")
    (folder / "6-1" / "0").unlink()
    (folder / "8-2").mkdir()
    (folder / "note").touch()
    again = Snapshots(tmp_path, interval_blocks=2, kept=2)
    assert [offer.height for offer in again.offers] == [8]
    assert [path.name for path in folder.iterdir()] == ["8-1"]
    assert again.chunk(8, FORMAT, 0) == snapshots.chunk(8, FORMAT, 0)


def test_what_is_not_there_has_no_chunk(tmp_path: Path) -> None:
    chain = Chain()
    folder = taken(chain.app, tmp_path)
    chunks = folder.offers[0].chunks
    for height, format_, index in [(1, FORMAT, chunks), (1, 2, 0), (2, FORMAT, 0), (1, FORMAT, -1)]:
        assert folder.chunk(height, format_, index) == b""


def test_a_disk_that_fills_up_ends_the_snapshot_and_not_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(taker, "RESERVE_BYTES", 1 << 62)
    chain = Chain()
    snapshots = taken(chain.app, tmp_path)
    assert snapshots.offers == []
    assert list((tmp_path / "snapshots").iterdir()) == []
    assert "no snapshot of height 1" in caplog.text
    chain.block()
