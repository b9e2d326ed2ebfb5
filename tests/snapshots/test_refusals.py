"""Forged, truncated, oversized and stale snapshots and chunks: each refused for its own reason, without a trace."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.abci import Application
from node.snapshots import layout as layouts
from node.snapshots import taking
from node.snapshots.layout import FORMAT, SUBTREES, Offer, checked
from node.snapshots.refusal import Fault, SnapshotRefused
from node.snapshots.service import Snapshots
from node.validator.application import Keeping, ValidatorApplication
from node.validator.retention import Retention
from node.validator.state_home import StateHome
from tests.app.chain import Chain
from tests.snapshots.transfer import taken
from wire.codec import decode, encode
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.snapshot import SnapshotChunk, SnapshotItem, SnapshotMetadata


class World:
    """A snapshot of a chain, and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.chain = Chain()
        self.chain.trade(slot=12)
        self.source = taken(self.chain.app, folder)
        self.offer = self.source.offers[-1]
        self.app_hash = self.chain.app.last_block.app_hash
        self.metadata = decode(SnapshotMetadata, self.offer.metadata)

    def chunk(self, index: int) -> bytes:
        """A chunk as it should be."""
        return self.source.chunk(self.offer.height, FORMAT, index)

    def forged(self, **changes: Any) -> Offer:
        """The offer with other metadata, and the hash that fits them."""
        metadata = encode(self.metadata._replace(**changes))
        return self.offer._replace(metadata=metadata, hash=hashlib.sha256(metadata).digest())

    def store_with(self, **changes: Any) -> Offer:
        """The offer with another first store."""
        first, *rest = self.metadata.stores
        return self.forged(stores=(first._replace(**changes), *rest))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("source"))


def test_an_honest_snapshot_is_accepted(world: World) -> None:
    layout = checked(world.offer, world.app_hash)
    assert layout.height == world.chain.app.last_block.height
    assert len(layout.parts) == world.offer.chunks


FORGERIES: list[tuple[Fault, Callable[[World], Offer]]] = [
    (Fault.UNKNOWN_FORMAT, lambda w: w.offer._replace(format=2)),
    (Fault.METADATA_TOO_LARGE, lambda w: w.offer._replace(metadata=bytes(layouts.MAX_METADATA_BYTES + 1))),
    (Fault.HASH_MISMATCH, lambda w: w.offer._replace(hash=bytes(32))),
    (Fault.METADATA_MALFORMED, lambda w: w.forged()._replace(metadata=b"\x08", hash=hashlib.sha256(b"\x08").digest())),
    (Fault.METADATA_MALFORMED, lambda w: w.forged(stores=tuple(reversed(w.metadata.stores)))),
    (Fault.METADATA_MALFORMED, lambda w: w.forged(stores=w.metadata.stores[:1] * 2)),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(name=b"")),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(name=b"\x00undo")),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(name=b"a/b")),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(subtree_roots=w.metadata.stores[0].subtree_roots[:-1])),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(subtree_roots=w.metadata.stores[0].subtree_roots * 2)),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(chunk_ends=())),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(chunk_ends=(SUBTREES - 1,))),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(chunk_ends=(9, 9, SUBTREES))),
    (Fault.METADATA_MALFORMED, lambda w: w.store_with(chunk_ends=(0, SUBTREES))),
    (Fault.CHUNK_COUNT_MISMATCH, lambda w: w.offer._replace(chunks=w.offer.chunks + 1)),
    (Fault.CHUNK_COUNT_MISMATCH, lambda w: w.store_with(chunk_ends=(7, SUBTREES))),
    (Fault.WRONG_APP_HASH, lambda w: w.store_with(subtree_roots=bytes(SUBTREES * 32))),
    (Fault.WRONG_APP_HASH, lambda w: w.store_with(name=b"aa")),
    (Fault.WRONG_APP_HASH, lambda w: w.forged(stores=w.metadata.stores[1:])._replace(chunks=w.offer.chunks - 1)),
]


def _name(each: object) -> str:
    return each.name if isinstance(each, Fault) else ""


@pytest.mark.parametrize(("fault", "forge"), FORGERIES, ids=_name)
def test_a_forged_snapshot_is_refused_for_its_reason(
    world: World, tmp_path: Path, fault: Fault, forge: Callable[[World], Offer]
) -> None:
    target = Snapshots(tmp_path)
    with pytest.raises(SnapshotRefused, match=fault.name) as refused:
        target.offer(forge(world), world.app_hash)
    assert refused.value.fault is fault
    assert [path.name for path in tmp_path.iterdir()] == ["snapshots"]


def test_a_stale_snapshot_is_refused_when_another_height_is_trusted(world: World) -> None:
    later = Chain()
    with pytest.raises(SnapshotRefused, match="WRONG_APP_HASH"):
        checked(world.offer, later.app.last_block.app_hash)


@settings(max_examples=60)
@given(at=st.integers(0), bit=st.integers(0, 7), cut=st.booleans())
def test_metadata_changed_anywhere_are_refused(world: World, at: int, bit: int, cut: bool) -> None:
    metadata = bytearray(world.offer.metadata)
    if cut:
        del metadata[at % len(metadata) :]
    else:
        metadata[at % len(metadata)] ^= 1 << bit
    offer = world.offer._replace(metadata=bytes(metadata), hash=hashlib.sha256(metadata).digest())
    try:
        layout = checked(offer, world.app_hash)
    except SnapshotRefused:
        return
    # Only the time is not proved: it tells CheckTx what has expired, until the next block.
    assert layout._replace(time_s=0) == checked(world.offer, world.app_hash)._replace(time_s=0)


def _spoilt(world: World, index: int, change: Callable[[tuple[SnapshotItem, ...]], Any]) -> bytes:
    items = decode(SnapshotChunk, world.chunk(index)).items
    return encode(SnapshotChunk(tuple(change(items))))


FIRST = 0


def _emptied(items: tuple[SnapshotItem, ...]) -> tuple[SnapshotItem, ...]:
    return (items[0]._replace(value=b""), *items[1:])


CHUNKS: list[tuple[Fault, int, Callable[[World], bytes]]] = [
    (Fault.UNKNOWN_CHUNK, 99, lambda w: w.chunk(FIRST)),
    (Fault.CHUNK_TOO_LARGE, FIRST, lambda w: bytes(layouts.MAX_CHUNK_BYTES + 1)),
    (Fault.CHUNK_MALFORMED, FIRST, lambda w: w.chunk(FIRST)[:-1]),
    (Fault.CHUNK_MALFORMED, FIRST, lambda w: w.chunk(FIRST) + b"\x10\x01"),
    (Fault.ITEM_OUT_OF_ORDER, FIRST, lambda w: _spoilt(w, FIRST, lambda items: items[::-1])),
    (Fault.ITEM_OUT_OF_ORDER, FIRST, lambda w: _spoilt(w, FIRST, lambda items: (items[0], *items))),
    (Fault.CHUNK_MISMATCH, FIRST, lambda w: w.chunk(FIRST + 1)),
    (Fault.CHUNK_MISMATCH, FIRST, lambda w: b""),
    (Fault.CHUNK_MISMATCH, FIRST, lambda w: _spoilt(w, FIRST, lambda items: items[:-1])),
    (
        Fault.CHUNK_MISMATCH,
        FIRST,
        lambda w: _spoilt(w, FIRST, lambda items: (items[0]._replace(value=b""), *items[1:])),
    ),
]


@pytest.mark.parametrize(
    ("fault", "index", "spoil"), CHUNKS, ids=lambda each: each.name if isinstance(each, Fault) else ""
)
def test_a_bad_chunk_is_refused_leaves_nothing_and_the_right_one_is_taken_after_it(
    world: World, tmp_path: Path, fault: Fault, index: int, spoil: Callable[[World], bytes]
) -> None:
    target, state = Snapshots(tmp_path), StateHome(tmp_path)
    target.offer(world.offer, world.app_hash)
    with pytest.raises(SnapshotRefused, match=fault.name) as refused:
        target.apply(index, spoil(world))
    assert refused.value.fault is fault
    for number in range(world.offer.chunks):
        target.apply(number, world.chunk(number))
    assert target.finish(state.replace).last_block == world.chain.app.last_block
    state.close()


def test_a_chunk_with_an_item_of_another_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small chunks, so that a store has more than one.
    monkeypatch.setattr(taking, "TARGET_CHUNK_BYTES", 200)
    source = taken(world.chain.app, tmp_path / "source")
    target = Snapshots(tmp_path)
    target.offer(source.offers[0], world.app_hash)
    with pytest.raises(SnapshotRefused, match="ITEM_OUT_OF_PLACE"):
        target.apply(0, source.chunk(source.offers[0].height, FORMAT, 1))
    target.close()


@settings(max_examples=40)
@given(at=st.integers(0), bit=st.integers(0, 7), cut=st.booleans(), index=st.integers(0, 6))
def test_a_chunk_changed_anywhere_is_refused(
    world: World, tmp_path_factory: pytest.TempPathFactory, at: int, bit: int, cut: bool, index: int
) -> None:
    target = Snapshots(tmp_path_factory.mktemp("target"))
    target.offer(world.offer, world.app_hash)
    chunk = bytearray(world.chunk(index))
    if cut:
        del chunk[at % len(chunk) :]
    else:
        chunk[at % len(chunk)] ^= 1 << bit
    with pytest.raises(SnapshotRefused):
        target.apply(index, bytes(chunk))
    target.close()


@settings(max_examples=100)
@given(chunk=st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_crash(
    world: World, tmp_path_factory: pytest.TempPathFactory, chunk: bytes
) -> None:
    with pytest.raises(SnapshotRefused):
        checked(world.offer._replace(metadata=chunk, hash=hashlib.sha256(chunk).digest()), world.app_hash)


# ---- Over ABCI ----


def joining(home: Path) -> tuple[ValidatorApplication, StateHome]:
    """The application of a node that is to join."""
    state = StateHome(home)
    return ValidatorApplication(state.app, Keeping(Snapshots(home), state.replace, Retention(home))), state


def offered(world: World, **changes: Any) -> abci.RequestOfferSnapshot:
    """CometBFT's request for the snapshot."""
    return abci.RequestOfferSnapshot(
        snapshot=abci.Snapshot(**(world.offer._asdict() | changes)), app_hash=world.app_hash
    )


def test_cometbft_is_told_to_try_another_snapshot_or_another_sender(world: World, tmp_path: Path) -> None:
    application, state = joining(tmp_path)
    offer_result, chunk_result = abci.ResponseOfferSnapshot, abci.ResponseApplySnapshotChunk
    assert application.offer_snapshot(offered(world, format=2)).result == offer_result.REJECT_FORMAT
    assert application.offer_snapshot(offered(world, hash=b"x")).result == offer_result.REJECT
    unasked = application.apply_snapshot_chunk(abci.RequestApplySnapshotChunk(index=0, chunk=world.chunk(0)))
    assert unasked.result == chunk_result.REJECT_SNAPSHOT
    assert application.offer_snapshot(offered(world)).result == offer_result.ACCEPT
    bad = application.apply_snapshot_chunk(abci.RequestApplySnapshotChunk(index=0, chunk=b"forged", sender="liar"))
    assert bad == chunk_result(result=chunk_result.RETRY, refetch_chunks=[0], reject_senders=["liar"])
    # Half-way it may begin anew, with the same or another snapshot.
    application.apply_snapshot_chunk(abci.RequestApplySnapshotChunk(index=1, chunk=world.chunk(1)))
    assert application.info(abci.RequestInfo()).last_block_height == 0
    assert application.offer_snapshot(offered(world)).result == offer_result.ACCEPT
    for index in range(world.offer.chunks):
        request = abci.RequestApplySnapshotChunk(index=index, chunk=world.chunk(index), sender="honest")
        assert application.apply_snapshot_chunk(request).result == chunk_result.ACCEPT
    info = application.info(abci.RequestInfo())
    assert info.last_block_height == world.offer.height
    assert info.last_block_app_hash == world.app_hash
    state.close()


def test_a_restore_that_was_cut_off_leaves_the_node_as_it_was_and_able_to_start_over(
    world: World, tmp_path: Path
) -> None:
    application, state = joining(tmp_path / "first")
    application.offer_snapshot(offered(world))
    application.apply_snapshot_chunk(abci.RequestApplySnapshotChunk(index=0, chunk=world.chunk(0)))
    # What a kill leaves here.
    shutil.copytree(tmp_path / "first", tmp_path / "killed")
    state.close()
    assert (tmp_path / "killed" / "restoring").exists()
    again, state = joining(tmp_path / "killed")
    assert not (tmp_path / "killed" / "restoring").exists()
    assert again.info(abci.RequestInfo()).last_block_height == 0
    again.offer_snapshot(offered(world))
    for index in range(world.offer.chunks):
        again.apply_snapshot_chunk(abci.RequestApplySnapshotChunk(index=index, chunk=world.chunk(index)))
    assert again.info(abci.RequestInfo()).last_block_height == world.offer.height
    state.close()


def test_an_application_without_a_disk_takes_part_in_no_state_sync(world: World) -> None:
    application, plain = ValidatorApplication(App(MemoryStore())), Application()
    assert application.offer_snapshot(offered(world)) == plain.offer_snapshot(offered(world))
    request = abci.RequestApplySnapshotChunk(index=0, chunk=world.chunk(0))
    assert application.apply_snapshot_chunk(request) == plain.apply_snapshot_chunk(request)
    assert application.list_snapshots(abci.RequestListSnapshots()) == abci.ResponseListSnapshots()
    assert application.load_snapshot_chunk(abci.RequestLoadSnapshotChunk()) == abci.ResponseLoadSnapshotChunk()


def test_peers_get_what_is_listed_and_nothing_else(world: World, tmp_path: Path) -> None:
    state = StateHome(tmp_path / "state")
    keeping = Keeping(world.source, state.replace, Retention(tmp_path))
    application = ValidatorApplication(state.app, keeping)
    (listed,) = application.list_snapshots(abci.RequestListSnapshots()).snapshots
    assert (listed.height, listed.chunks, listed.metadata) == (
        world.offer.height,
        world.offer.chunks,
        world.offer.metadata,
    )
    request = abci.RequestLoadSnapshotChunk(height=listed.height, format=listed.format, chunk=0)
    assert application.load_snapshot_chunk(request).chunk == world.chunk(0)
    request.chunk = listed.chunks
    assert application.load_snapshot_chunk(request).chunk == b""
    state.close()


def test_the_documentation_names_every_refusal_by_its_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "node.md").read_text()
    assert all(f"{fault.value} `{fault.name}`" in page for fault in Fault)
