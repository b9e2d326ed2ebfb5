"""What an application that is never disturbed makes of a node's blocks, to compare the node with."""

from __future__ import annotations

import asyncio
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.history.home_source import HomeSource
from node.history.recorded import RecordedBlock, RecordedGenesis
from node.store import open_store
from tests.crash.requests import Answers
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto.keys_pb2 import PublicKey


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
    if entries != list(undisturbed.iterate(b"", b"\xff")):
        raise ValueError(f"at height {last.height} the store is not what an undisturbed application holds")
    return app_hash.hex()


async def _execute_all(home: Path, until: int, answers: Answers) -> bytes:
    """The app hash after a height. Raises: ValueError when a header has another, or a transaction failed."""
    with HomeSource(home) as source:
        genesis = _genesis(await source.genesis())
        app_hash = answers.ask(genesis).init_chain.app_hash
        for height in range(1, until + 1):
            block = await source.block(height)
            if block.app_hash != app_hash:
                raise ValueError(f"block {height} was signed with app hash {block.app_hash.hex()}: {app_hash.hex()}")
            done = answers.ask(_finalize(block)).finalize_block
            answers.ask(abci.Request(commit=abci.RequestCommit()))
            if any(result.code for result in done.tx_results):
                raise ValueError(f"block {height}: a transaction failed: {done.tx_results}")
            app_hash = done.app_hash
    return app_hash


def _finalize(block: RecordedBlock) -> abci.Request:
    request = abci.RequestFinalizeBlock(
        height=block.height,
        time=_timestamp(block.time_ns),
        txs=block.txs,
        proposer_address=block.proposer_address,
        next_validators_hash=block.next_validators_hash,
    )
    return abci.Request(finalize_block=request)


def _genesis(genesis: RecordedGenesis) -> abci.Request:
    validators = [
        abci.ValidatorUpdate(pub_key=PublicKey(ed25519=key), power=power) for key, power in genesis.validators
    ]
    request = abci.RequestInitChain(
        time=_timestamp(genesis.time_ns),
        chain_id=genesis.chain_id,
        validators=validators,
        app_state_bytes=genesis.app_state,
        initial_height=genesis.initial_height,
    )
    return abci.Request(init_chain=request)


def _timestamp(time_ns: int) -> Timestamp:
    return Timestamp(seconds=time_ns // 10**9, nanos=time_ns % 10**9)
