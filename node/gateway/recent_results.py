"""What became of the transactions of late, by hash, and who waits for those to come."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from node.gateway.block_record import BlockRecord


class Outcome(NamedTuple):
    """A transaction's result, with its block and its place there from 0; code 0 is success."""

    height: int
    place: int
    code: int
    log: str


class RecentResults:
    """The last outcomes, oldest dropped first."""

    def __init__(self, max_results: int) -> None:
        self._max_results = max_results
        self._outcomes: OrderedDict[bytes, Outcome] = OrderedDict()
        self._waiting: dict[bytes, set[asyncio.Future[Outcome]]] = defaultdict(set)

    def add(self, record: BlockRecord) -> None:
        """Note a block's outcomes and wake those who wait for them."""
        for result in record.results:
            outcome = Outcome(record.height, result.index, result.code, result.log)
            self._outcomes[result.hash] = outcome
            for future in self._waiting.get(result.hash, ()):
                if not future.done():
                    future.set_result(outcome)
        while len(self._outcomes) > self._max_results:
            self._outcomes.popitem(last=False)

    def get(self, hash_: bytes) -> Outcome | None:
        """The outcome, if it is a recent one."""
        return self._outcomes.get(hash_)

    @contextmanager
    def watch(self, hash_: bytes) -> Iterator[asyncio.Future[Outcome]]:
        """A future of the outcome, done at once if it is known."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        known = self.get(hash_)
        if known is not None:
            future.set_result(known)
        waiting = self._waiting[hash_]
        waiting.add(future)
        try:
            yield future
        finally:
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(hash_, None)
