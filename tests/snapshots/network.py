"""A real chain with snapshots at every few blocks, and what moves on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from node.cometbft.genesis import ConsensusParams
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import SOCKET, Application
from tests.app import world
from tests.app.keyring import address, sign_with
from wire.ledger import Transfer
from wire.tx import TxBody, assemble

DEADLINE_SECONDS = 90.0
FAST = Settings(timeout_commit_ms=100)


def application(*options: str, script: Path | None = None) -> Application:
    """The application with options of `python -m node.validator`, or a script in its place."""
    start = (str(script),) if script else ("-m", "node.validator")
    return Application.of_command("{python}", *start, "--home", "{home}", "--address", f"unix://{SOCKET}", *options)


def new_chain(
    home: Path,
    app: Application,
    validators: int,
    params: ConsensusParams | None = None,
    settings: Settings = FAST,
    powers: Sequence[int] = (),
) -> Localnet:
    """A chain of the tests' neighbourhood that begins now."""
    net = Localnet.create(
        home, chain_id=world.CHAIN_ID, validators=validators, application=app, settings=settings, powers=powers
    )
    operators = [{"public_key": key.hex(), "operator": address("oscar").hex()} for key in net.validator_public_keys]
    now_s = int(time.time())
    net.write_genesis(
        world.genesis(validators=operators, grid={"grids": [world.grid(epoch_s=now_s - now_s % 600 - 600)]}),
        params=params,
    )
    return net


def payment(nonce: int) -> bytes:
    """A transaction that changes a few items."""
    message = Transfer(address("bob"), nonce)
    body = TxBody(world.CHAIN_ID, address("ann"), nonce, int(time.time()) + 300, message)
    return assemble(body, lambda data: sign_with("ann", data))


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Wait until the condition holds.

    Raises:
        TimeoutError: it does not within the deadline.
    """
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.1)
