"""A real validator on which a slot is traded, proved and settled within seconds; then it is stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from node.cometbft.rpc import RpcClient
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from tests.app import world
from tests.app.keyring import address, sign_with
from tests.app.world import VDG
from wire.asset import DeclareAvailability
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.ledger import Transfer
from wire.market import PlaceOrder, Side
from wire.settlement import DeclareFlow
from wire.tx import TxBody, assemble

DEADLINE_SECONDS = 60.0
# Slots of a second from the running one to the one that is traded: enough to send all orders before its gate.
AHEAD_SLOTS = 6
ORDERS = (("ann", 1, 150_000), ("bob", 1, 120_000), ("cid", 2, 70_000), ("dee", 2, 110_000))


class TradedChain:
    """The chain while it runs, and the folder of its node."""

    def __init__(self, net: Localnet, epoch_s: int) -> None:
        self.net = net
        self.url = net.plan.validators[0].rpc_url
        self.home = net.home / net.plan.validators[0].name
        self._epoch_s = epoch_s
        self._nonces: dict[str, int] = {}

    @property
    def rpc(self) -> RpcClient:
        return self.net.rpc(0)

    async def send(self, sender: str, message: Any) -> None:
        """Into the mempool, where it must be accepted."""
        nonce = self._nonces[sender] = self._nonces.get(sender, 0) + 1
        now_s = (await self.rpc.status()).time_ns // 10**9
        body = TxBody(world.CHAIN_ID, address(sender), nonce, now_s + 60, message)
        done = await self.rpc.broadcast_tx_sync(assemble(body, lambda data: sign_with(sender, data)))
        assert done.code == 0, done.log

    async def until(self, condition: Callable[[Any], bool]) -> None:
        """Wait for a status of the node."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition(await self.rpc.status()):
                await asyncio.sleep(0.05)

    async def live(self) -> None:
        """Trade a slot, prove it, settle it, and pass money on."""
        slot = int(time.time()) - self._epoch_s + AHEAD_SLOTS
        for home in ("cid", "dee"):
            await self.send(home, DeclareAvailability(VDG, slot, (500,)))
        for home, side, price in ORDERS:
            await self.send(home, PlaceOrder(VDG, "intraday", slot, Side(side), 400, price))
        await self.send("ann", DeclareFlow(VDG, slot, 25))
        await self.until(lambda status: status.time_ns >= (self._epoch_s + slot + 1) * 10**9)
        flows = {"ann": 420, "bob": 33, "cid": -390, "dee": -7}
        proofs = tuple(self._proof(slot, home, flow) for home, flow in flows.items())
        await self.send("dso", SubmitProofs(VDG, slot, proofs))
        await self.send("bob", Transfer(address("ann"), 7))
        height = (await self.rpc.status()).height
        await self.until(lambda status: status.height >= height + 4)

    def _proof(self, slot: int, home: str, flow_wh: int) -> FlowProof:
        statement = FlowStatement(world.CHAIN_ID, VDG, slot, address(home), flow_wh, f"meter-{home}")
        return FlowProof(address(home), flow_wh, statement.meter, sign_with("prover", flow_sign_bytes(statement)))

    async def stop(self) -> None:
        """Stop the node, so that its files can be read."""
        await self.net.down()


@asynccontextmanager
async def traded_chain(folder: Path) -> AsyncIterator[TradedChain]:
    """Run and trade; the chain runs on until the context ends or ``stop``."""
    epoch_s = int(time.time())
    product = {"name": "intraday", "block_slots": 1, "gate": "before_start", "gate_slots": 1, "horizon_slots": 144}
    grid = world.grid(epoch_s=epoch_s, slot_seconds=1, proof_deadline_slots=30)
    # The names of the world's validators are no keys of this chain.
    genesis = world.genesis(grid={"grids": [grid]}, market={"products": [product]}, validators=[])
    net = Localnet.create(
        folder / "net", chain_id=world.CHAIN_ID, validators=1, settings=Settings(timeout_commit_ms=100)
    )
    net.write_genesis(genesis)
    async with net:
        await net.up()
        chain = TradedChain(net, epoch_s)
        await chain.live()
        yield chain
