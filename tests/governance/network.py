"""A real chain that four operators govern, and what they send to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from nacl.signing import SigningKey

from node.cometbft.home import VALIDATOR_KEY, write_secret
from node.cometbft.node_keys import Key, validator_key_json
from node.cometbft.responses import Validator
from node.cometbft.rpc_errors import RpcError
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import VDG, Application
from tests.app import world
from tests.app.keyring import address, sign_with
from tests.governance.governed import DECIDING, OPERATORS, genesis
from wire.codec import decode, encode
from wire.governance import (
    Approve,
    Change,
    ListProposalsRequest,
    ListProposalsResponse,
    Propose,
    possession_bytes,
)
from wire.tx import TxBody, assemble

T = TypeVar("T")

DEADLINE_SECONDS = 90.0
FAST = Settings(timeout_commit_ms=100)


def new_network(home: Path, validators: int = 4, app: Application = VDG) -> Localnet:
    """A governed chain that begins now, each validator of another operator."""
    net = Localnet.create(home, chain_id=world.CHAIN_ID, validators=validators, application=app, settings=FAST)
    operators = [
        {"public_key": key.hex(), "operator": address(name).hex()}
        for key, name in zip(net.validator_public_keys, OPERATORS, strict=False)
    ]
    now_s = int(time.time())
    grids = {"grids": [world.grid(epoch_s=now_s - now_s % 600 - 600)]}
    net.write_genesis(genesis(validators=operators, grid=grids))
    return net


def possession(key: Key, operator: str) -> bytes:
    """A consensus key's proof that its owner has it."""
    signed = possession_bytes(world.CHAIN_ID, key.public_key, address(operator))
    return SigningKey(key.seed).sign(signed).signature


class Operators:
    """Send what operators decide to the first node of a network."""

    def __init__(self, net: Localnet, first_nonce: int = 1) -> None:
        self._net = net
        self._nonce = first_nonce

    async def send(self, sender: str, message: Any) -> int:
        """A transaction that a block executes; returns the block's height."""
        body = TxBody(world.CHAIN_ID, address(sender), self._nonce, int(time.time()) + 300, message)
        self._nonce += 1
        tx = assemble(body, lambda data: sign_with(sender, data))
        accepted = await self._net.rpc(0).broadcast_tx_sync(tx)
        assert accepted.code == 0, accepted.log
        done = await eventually(lambda: self._net.rpc(0).tx(accepted.hash))
        assert done.result.code == 0, done.result.log
        return done.height

    async def decide(self, change: Change, operators: Sequence[str] = DECIDING) -> int:
        """Propose and approve; returns the height at which it was executed."""
        height = await self.send(operators[0], Propose(change))
        number = (await self.ask(ListProposalsRequest(), ListProposalsResponse)).proposals[-1].proposal_id
        for operator in operators[1:]:
            height = await self.send(operator, Approve(number))
        return height

    async def ask(self, request: Any, answer: type[T]) -> T:
        """A typed query of governance."""
        path = f"/governance/{type(request).__name__.removesuffix('Request')}"
        found = await self._net.rpc(0).abci_query(path, encode(request))
        assert found.code == 0, found.log
        return decode(answer, found.value)


def put_key(home: Path, key: Key) -> None:
    """Give a stopped validator another consensus key, as its operator would."""
    file = home / VALIDATOR_KEY
    file.rename(file.with_suffix(".old"))
    write_secret(file, validator_key_json(key))


async def members(net: Localnet, height: int) -> dict[bytes, int]:
    """CometBFT's validator set at a height, by key."""
    found: Sequence[Validator] = await eventually(lambda: net.rpc(0).validators(height))
    return {validator.public_key: validator.voting_power for validator in found}


async def signers(net: Localnet, height: int) -> set[bytes]:
    """The consensus addresses whose votes are in the commit of a height."""
    commit = await eventually(lambda: net.rpc(0).commit(height))
    votes = commit["signed_header"]["commit"]["signatures"]
    return {bytes.fromhex(vote["validator_address"]) for vote in votes if int(vote["block_id_flag"]) == 2}


async def until_signs(net: Localnet, consensus_address: bytes, from_height: int) -> int:
    """Wait until a validator's vote is in a commit from a height on; returns that height."""
    height = from_height
    async with asyncio.timeout(DEADLINE_SECONDS):
        while consensus_address not in await signers(net, height):
            height += 1
    return height


async def eventually(ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The answer, once there is one. Raises: TimeoutError."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                return await ask()
            except RpcError:
                await asyncio.sleep(0.05)
