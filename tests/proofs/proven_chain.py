"""The real state machine under headers that made-up validators sign: a chain in one process, to be verified."""

from __future__ import annotations

from typing import Any, NamedTuple

from abci_app.app import QUERY_OK, Finalized
from tests.app import world
from tests.app.chain import Chain
from tests.light.made import Powers, genesis_of, made_header, signed
from wire.light.block import LightBlock
from wire.light.client import BlockUnavailable
from wire.light.hashing import NANOSECONDS
from wire.light.verify import Anchor
from wire.merkle import ProofOp
from wire.state_keys import Item

VALIDATORS: Powers = {0: 10, 1: 10, 2: 10, 3: 10}


class Answer(NamedTuple):
    """What a node answers about an item."""

    value: bytes
    height: int
    ops: tuple[ProofOp, ...]


class ProvenChain(Chain):
    """Every block has a header, which holds the app hash of the block before and is signed by all validators."""

    def __init__(self) -> None:
        self._hashes: dict[int, bytes] = {}
        self._times_s: dict[int, int] = {}
        super().__init__()

    def finalize(self, *txs: bytes, **options: Any) -> Finalized:
        """As a chain does; keeps what the next header needs."""
        done = super().finalize(*txs, **options)
        self._hashes[self.height] = done.app_hash
        self._times_s[self.height] = self.time_s
        return done

    @property
    def height(self) -> int:
        """The last block."""
        return self.app.last_block.height

    @property
    def anchor(self) -> Anchor:
        """The genesis, with the validators that sign."""
        made = genesis_of(VALIDATORS, world.CHAIN_ID)
        return made._replace(time_ns=world.GENESIS_S * NANOSECONDS)

    def now_ns(self) -> int:
        """A second after the last block."""
        return (self.time_s + 1) * NANOSECONDS

    async def light_block(self, height: int) -> LightBlock:
        """As a provider of light blocks."""
        if not 0 < height <= self.height:
            raise BlockUnavailable(f"height {height} of {self.height}")
        header = made_header(height, VALIDATORS, chain_id=world.CHAIN_ID)
        app_hash = self._hashes.get(height - 1, b"")
        header = header._replace(time_ns=self._times_s[height] * NANOSECONDS, app_hash=app_hash)
        return signed(header, VALIDATORS)

    def answer(self, item: Item[Any], height: int = 0) -> Answer:
        """What the application answers about an item, with its proof."""
        result = self.app.query(f"/store/{item.store}/key", item.key, height, prove=True)
        assert result.code == QUERY_OK, result
        return Answer(result.value, result.height, result.proof)

    def app_hash(self, height: int) -> bytes:
        """The app hash after a block."""
        return self._hashes[height]
