"""The real state machine under headers that made-up validators sign: a chain in one process, to be verified."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from abci_app.app import QUERY_OK, Finalized
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.light.made import Powers, genesis_of, made_header, signed
from tests.ordering import orders
from wire.go_json import format_time_ns, to_base64
from wire.grid import SetCaps
from wire.ledger import Transfer
from wire.light.block import LightBlock
from wire.light.client import BlockUnavailable
from wire.light.hashing import NANOSECONDS
from wire.light.json_form import ED25519
from wire.light.verify import Anchor
from wire.merkle import ProofOp
from wire.settlement import DeclareFlow, RetireCertificate, TransferCertificate
from wire.state_keys import Item

CERTIFICATE = f"{world.VDG}/10/intraday/0"
VALIDATORS: Powers = {0: 10, 1: 10, 2: 10, 3: 10}


class Answer(NamedTuple):
    """What a node answers about an item."""

    value: bytes
    height: int
    ops: tuple[ProofOp, ...]


class ProvenChain(Chain):
    """Every block has a header, which holds the app hash of the block before and is signed by all validators.

    Headers have this machine's time, whatever time the application is told; ``ahead_s`` is added to the time of now.
    """

    def __init__(self) -> None:
        self._hashes: dict[int, bytes] = {}
        self._times_ns: dict[int, int] = {}
        self._started_ns = time.time_ns()
        self.ahead_s = 0
        super().__init__(orders.genesis())

    def finalize(self, *txs: bytes, **options: Any) -> Finalized:
        """As a chain does; keeps what the next header needs."""
        done = super().finalize(*txs, **options)
        self._hashes[self.height] = done.app_hash
        # Later than the one before, however coarse the clock.
        self._times_ns[self.height] = max(time.time_ns(), self._times_ns.get(self.height - 1, 0) + 1)
        return done

    @property
    def height(self) -> int:
        """The last block."""
        return self.app.last_block.height

    @property
    def anchor(self) -> Anchor:
        """The genesis, with the validators that sign."""
        made = genesis_of(VALIDATORS, world.CHAIN_ID)
        return made._replace(time_ns=self._started_ns)

    @property
    def genesis(self) -> dict[str, Any]:
        """The anchor as a genesis document."""
        anchor = self.anchor
        validators = [
            {"pub_key": {"type": ED25519, "value": to_base64(one.public_key)}, "power": str(one.power)}
            for one in anchor.validators
        ]
        genesis_time = format_time_ns(anchor.time_ns)
        return {"chain_id": anchor.chain_id, "genesis_time": genesis_time, "validators": validators}

    def now_ns(self) -> int:
        """The time that clients think it is."""
        return time.time_ns() + self.ahead_s * NANOSECONDS

    async def light_block(self, height: int) -> LightBlock:
        """As a provider of light blocks."""
        if not 0 < height <= self.height:
            raise BlockUnavailable(f"height {height} of {self.height}")
        header = made_header(height, VALIDATORS, chain_id=world.CHAIN_ID)
        app_hash = self._hashes.get(height - 1, b"")
        header = header._replace(time_ns=self._times_ns[height], app_hash=app_hash)
        return signed(header, VALIDATORS)

    def answer(self, item: Item[Any], height: int = 0) -> Answer:
        """What the application answers about an item, with its proof."""
        result = self.app.query(f"/store/{item.store}/key", item.key, height, prove=True)
        assert result.code == QUERY_OK, result
        return Answer(result.value, result.height, result.proof)

    def app_hash(self, height: int) -> bytes:
        """The app hash after a block."""
        return self._hashes[height]


def settled_chain() -> ProvenChain:
    """A chain with a slot that is settled, one that is contracted, an open order, and a debt."""
    chain = ProvenChain()
    chain.trade(10)
    chain.trade(20)
    chain.do("ann", DeclareFlow(world.VDG, 10, 25))
    chain.go_to_slot(11)
    chain.do("dso", chain.proofs(10, {"ann": 420, "bob": 33, "cid": -390, "dee": -7}))
    chain.block()
    chain.do("ann", TransferCertificate(CERTIFICATE, address("bob"), 40))
    chain.do("bob", RetireCertificate(CERTIFICATE, 15))
    chain.do("bob", chain.order("bob", "bid", 60, 140_000, 30))
    # Dee can't pay for what it consumes.
    chain.do("dee", Transfer(address("bob"), chain.balance("dee").free_neur))
    chain.go_to_slot(13)
    chain.do("dso", chain.proofs(12, {"ann": 1, "bob": 0, "cid": 0, "dee": 100}))
    chain.do("dso", SetCaps(world.VDG, 31, (700,), (0,), "transformer at t1: 104 % where 100 % is allowed"))
    for home in ("ann", "bob"):
        chain.do("dso", orders.order(home, 20))
    chain.do("dso", orders.opening(13))
    chain.do("dso", orders.signal(1, 13))
    # The gate of slot 20 closes.
    chain.go_to_slot(19)
    chain.block()
    return chain
