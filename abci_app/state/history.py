"""The last versions of the state, so that items can be proved at the heights whose headers clients have.

A version is kept as what the blocks after it replaced: old values and old parts of the tree. Old values are also in
the store, in the same synced batch as the block, so that the versions outlive a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

from abci_app.state.store import Change, Store, StoreCorrupted
from abci_app.state.tree import StateTree, TreePast, TreeView
from wire.codec import CodecError, decode, encode
from wire.fields import many, raw

T = TypeVar("T", bound=tuple[Any, ...])

# Outside the tree, as everything whose key starts with a zero byte.
_UNDO = b"\x00undo/"
FIRST_STATE_KEY, LAST_STATE_KEY = b"\x01", b"\xff"


# Before a value that there was; nothing at all stands for none.
_THERE_WAS = b"\x01"


class UndoRecord(NamedTuple):
    """What takes the state of a block back to the one before, whose app hash it names.

    ``values`` has, for each key in order, a byte 1 and the value that the key had, or b"" when it had none.
    """

    app_hash: Annotated[bytes, raw(1)] = b""
    keys: Annotated[tuple[bytes, ...], many(raw(2))] = ()
    values: Annotated[tuple[bytes, ...], many(raw(3))] = ()


class Undo(NamedTuple):
    """What a block at a height replaced: values by key (None: there was none), and parts of the tree."""

    height: int
    app_hash: bytes
    values: dict[bytes, bytes | None]
    tree: TreePast


class History:
    """The undos of the last blocks, at most ``versions``, oldest first."""

    def __init__(self, versions: int, undos: Sequence[Undo] = ()) -> None:
        self._versions = versions
        self._undos = deque(undos)

    def changes(self, undo: Undo) -> list[Change]:
        """What to write with a block: its undo record, and the removal of those that are too old by then."""
        written: list[Change] = []
        if self._versions:
            written.append((_undo_key(undo.height), encode(_record(undo))))
        kept = self._versions - 1 if self._versions else 0
        surplus = max(0, len(self._undos) - kept)
        written += [(_undo_key(self._undos[n].height), None) for n in range(surplus)]
        return written

    def add(self, undo: Undo) -> None:
        """Remember a block that was written."""
        self._undos.append(undo)
        while len(self._undos) > self._versions:
            self._undos.popleft()

    def oldest_height(self, last_height: int) -> int:
        """The lowest height that can be looked at, when the last block is at ``last_height``."""
        return last_height - len(self._undos)

    def at(self, height: int, tree: StateTree, store: Store) -> Version:
        """The version after the block of a height, from ``oldest_height`` to the last."""
        return Version([undo for undo in self._undos if undo.height > height], tree, store)


class Version(NamedTuple):
    """The state as it was before the blocks whose undos are given, oldest first."""

    undos: list[Undo]
    current: StateTree
    store: Store

    @property
    def tree(self) -> TreeView:
        """The tree of this version."""
        return TreeView(self.current, [undo.tree for undo in self.undos])

    def value(self, key: bytes) -> bytes | None:
        """The encoded value of a state key, or None."""
        for undo in self.undos:
            if key in undo.values:
                return undo.values[key]
        return self.store.get(key)


class Rebuilt(NamedTuple):
    """The tree of what is in a store, and the versions before it."""

    tree: StateTree
    undos: list[Undo]


def rebuild(store: Store) -> Rebuilt:
    """The tree over a whole store: built as it was at the oldest version, then brought up block by block.

    Raises: StoreCorrupted when a version does not hash to the app hash that it had.
    """
    records = [
        (int.from_bytes(key.removeprefix(_UNDO), "big"), read_record(UndoRecord, data))
        for key, data in store.iterate(_UNDO, _UNDO + b"\xff")
    ]
    undone = [_undone(height, record) for height, record in records]
    forward: list[dict[bytes, bytes | None]] = []
    oldest: dict[bytes, bytes | None] = {}
    for values in reversed(undone):
        forward.append({key: oldest[key] if key in oldest else store.get(key) for key in values})
        oldest.update(values)
    tree = StateTree(_patched(store, oldest))
    undos = []
    for (height, record), values, changes in zip(records, undone, reversed(forward), strict=True):
        # The first block is stored together with the genesis, so that what takes it back leads to nothing at all.
        if height > 1 and tree.root != record.app_hash:
            text = f"what takes block {height} back leads to {tree.root.hex()}, not {record.app_hash.hex()}"
            raise StoreCorrupted(text)
        undos.append(Undo(height, record.app_hash, values, tree.update(changes.items())))
    return Rebuilt(tree, undos)


def read_record(type_: type[T], data: bytes) -> T:
    """A record that stands outside the tree. Raises: StoreCorrupted for bytes that are none."""
    try:
        return decode(type_, data)
    except CodecError as error:
        raise StoreCorrupted(f"a record can't be read: {error}") from error


def _undone(height: int, record: UndoRecord) -> dict[bytes, bytes | None]:
    if len(record.keys) != len(record.values):
        text = f"what takes block {height} back has {len(record.keys)} keys, but {len(record.values)} values"
        raise StoreCorrupted(text)
    return {key: old[1:] if old else None for key, old in zip(record.keys, record.values, strict=True)}


def _patched(store: Store, values: dict[bytes, bytes | None]) -> Iterator[Change]:
    for key, value in store.iterate(FIRST_STATE_KEY, LAST_STATE_KEY):
        if key not in values:
            yield key, value
    yield from ((key, value) for key, value in values.items() if value is not None)


def _record(undo: Undo) -> UndoRecord:
    values = tuple(b"" if old is None else _THERE_WAS + old for old in undo.values.values())
    return UndoRecord(undo.app_hash, tuple(undo.values), values)


def _undo_key(height: int) -> bytes:
    return _UNDO + height.to_bytes(8, "big")
