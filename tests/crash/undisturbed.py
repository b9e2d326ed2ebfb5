"""What an application that is never disturbed makes of a node's blocks, to compare the node with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.cometbft.node_keys import address_of
from node.history.home_source import HomeSource
from node.replay.replay import finalize_request, init_chain_request
from node.store import open_store
from tests.crash.requests import Answers
from wire.gen.tendermint.abci import types_pb2 as abci


def check_store(home: Path) -> str:
    """Every app hash that was signed, and the whole store, are those of an application that was never disturbed.

    The node must be stopped. Returns the last app hash in hex. Raises: ValueError when it is not so.
    """
    disk = open_store(home, reserve_bytes=0)
    try:
        last = App(disk).last_block
        entries = list(disk.iterate(b"", b"\xff"))
    finally:
        disk.close()
    undisturbed = MemoryStore()
    app_hash = asyncio.run(_execute_all(home, last.height, Answers(App(undisturbed))))
    if different := set(entries) ^ set(undisturbed.iterate(b"", b"\xff")):
        raise ValueError(f"at height {last.height} an undisturbed application holds something else: {different}")
    return app_hash.hex()


async def _execute_all(home: Path, until: int, answers: Answers) -> bytes:
    """The app hash after a height. Raises: ValueError when a header has another, or a transaction failed."""
    with HomeSource(home) as source:
        genesis = await source.genesis()
        # CometBFT names validators by power, then by address, whatever their order in the document.
        ordered = sorted(genesis.validators, key=lambda validator: (-validator[1], address_of(validator[0])))
        request = init_chain_request(replace(genesis, validators=tuple(ordered)))
        app_hash = answers.ask(abci.Request(init_chain=request)).init_chain.app_hash
        for height in range(1, until + 1):
            block = await source.block(height)
            if block.app_hash != app_hash:
                raise ValueError(f"block {height} was signed with app hash {block.app_hash.hex()}: {app_hash.hex()}")
            done = answers.ask(abci.Request(finalize_block=finalize_request(block))).finalize_block
            answers.ask(abci.Request(commit=abci.RequestCommit()))
            if any(result.code for result in done.tx_results):
                raise ValueError(f"block {height}: a transaction failed: {done.tx_results}")
            app_hash = done.app_hash
    return app_hash
