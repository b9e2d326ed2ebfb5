"""What was decided and what it came to, so that every instance can be held to it."""

from __future__ import annotations

from typing import NamedTuple

from abci_app.app import Finalized
from wire.governance import Misbehaviour


class Failure(Exception):
    """Something is not as it must be; the first difference of a run."""

    def __init__(self, height: int, what: str) -> None:
        super().__init__(f"height {height}: {what}")
        self.height = height
        self.what = what


class Genesis(NamedTuple):
    """How the chain begins."""

    chain_id: str
    time_s: int
    validators: tuple[tuple[bytes, int], ...]
    app_state: bytes


class Decided(NamedTuple):
    """A block."""

    time_ns: int
    txs: tuple[bytes, ...]
    misbehaviour: tuple[Misbehaviour, ...] = ()
    signers: frozenset[bytes] | None = None


class ChainRecord:
    """The chain so far."""

    def __init__(self, genesis: Genesis) -> None:
        self.genesis = genesis
        self.blocks: list[Decided] = []
        self.outcomes: list[Finalized] = []

    def agree(self, name: str, height: int, done: Finalized) -> None:
        """The first outcome of a block stands; others must be the same. Raises: Failure."""
        if len(self.outcomes) < height:
            self.outcomes.append(done._replace(block=done.block._replace(changes={})))
            return
        first = self.outcomes[height - 1]
        if done.app_hash != first.app_hash:
            raise Failure(height, f"{name} has app hash {done.app_hash.hex()}, others {first.app_hash.hex()}")
        if done.block.results != first.block.results:
            differing = zip(done.block.results, first.block.results, strict=True)
            index, (own, other) = next((i, pair) for i, pair in enumerate(differing) if pair[0] != pair[1])
            raise Failure(height, f"{name}, transaction {index}: {own}, others {other}")
        if done.block._replace(changes={}) != first.block:
            raise Failure(height, f"{name} reports other events or updates of the block than others")
