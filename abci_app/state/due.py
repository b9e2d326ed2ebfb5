"""Due work, by time: cheap when nothing is due (one ordered read a block)."""

from __future__ import annotations

from itertools import takewhile

from abci_app.core.context import State
from abci_app.state.collection import Collection
from wire.chain import DueItem, Moment

DUE = Collection("chain", b"d", DueItem)


def due_key(item: DueItem) -> bytes:
    """``<time, 8 bytes><moment, 1 byte><key>``, e.g. 0000000065a0b2c0 01 lilas/intraday/0000000000000091."""
    return item.time_s.to_bytes(8, "big") + bytes((item.moment,)) + item.key


def schedule(state: State, moment: Moment, time_s: int, key: bytes = b"") -> None:
    """Have the moment's handlers called with ``key`` in the first block at or after ``time_s``."""
    item = DueItem(moment, time_s, key)
    DUE.put(state, due_key(item), item)


def unschedule(state: State, moment: Moment, time_s: int, key: bytes = b"") -> None:
    """Forget a piece of due work; one that is not there is fine."""
    DUE.delete(state, due_key(DueItem(moment, time_s, key)))


def take_due(state: State, time_s: int) -> list[DueItem]:
    """Remove and return what is due at ``time_s``, oldest first."""
    due = [item for _, item in takewhile(lambda entry: entry[1].time_s <= time_s, DUE.items(state))]
    for item in due:
        DUE.delete(state, due_key(item))
    return due
