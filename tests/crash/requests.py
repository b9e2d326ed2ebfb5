"""A fixed day as the ABCI requests that CometBFT would send, and what they make of an application never killed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.abci.dispatch import Dispatcher
from node.abci.framing import FrameReader
from node.validator import ValidatorApplication
from tests.app import scenario, world
from tests.app.keyring import public_key_of
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto.keys_pb2 import PublicKey

VALIDATORS = {"validator-1": 30, "validator-2": 10}


class Block(NamedTuple):
    """One height: the requests in CometBFT's order, and the app hash that they must give."""

    height: int
    requests: tuple[abci.Request, ...]
    app_hash: bytes


class Story(NamedTuple):
    """A chain from its genesis on; ``entries`` is all that the store holds at the end."""

    genesis: abci.Request
    blocks: tuple[Block, ...]
    entries: tuple[tuple[bytes, bytes], ...]


class Answers:
    """An application's answers to requests, by way of the dispatcher that the server uses."""

    def __init__(self, app: App) -> None:
        self._dispatcher = Dispatcher(ValidatorApplication(app))

    def ask(self, request: abci.Request) -> abci.Response:
        """One request; its reply. Raises: ApplicationFailedError."""
        frames = FrameReader()
        frames.feed(self._dispatcher.answer(request.SerializeToString()))
        frame = frames.next_frame()
        assert frame is not None
        return abci.Response.FromString(frame)

    def play(self, genesis: abci.Request, blocks: Sequence[Block]) -> None:
        """Do as CometBFT does after its start: ask how far the application is, and replay what comes after.

        Raises: ValueError when an app hash is another than the block's.
        """
        height = self.ask(abci.Request(info=abci.RequestInfo())).info.last_block_height
        if height == 0:
            self.ask(genesis)
        for block in blocks[height:]:
            for request in block.requests:
                reply = self.ask(request)
                if request.HasField("finalize_block") and reply.finalize_block.app_hash != block.app_hash:
                    raise ValueError(
                        f"height {block.height}: {reply.finalize_block.app_hash.hex()} is not the app hash"
                    )


@cache
def day() -> Story:
    """The golden day of tests/app, every module's transactions in it, and its undisturbed outcome."""
    played = scenario.run()
    blocks = tuple(
        Block(height, _requests(height, time_s, txs), bytes.fromhex(done["app_hash"]))
        for height, ((time_s, txs), done) in enumerate(zip(played.inputs, played.blocks, strict=True), start=1)
    )
    store = MemoryStore()
    Answers(App(store)).play(_genesis(), blocks)
    return Story(_genesis(), blocks, tuple(store.iterate(b"", b"\xff")))


def _genesis() -> abci.Request:
    validators = [
        abci.ValidatorUpdate(pub_key=PublicKey(ed25519=public_key_of(name)), power=power)
        for name, power in VALIDATORS.items()
    ]
    request = abci.RequestInitChain(
        time=Timestamp(seconds=world.GENESIS_S),
        chain_id=world.CHAIN_ID,
        validators=validators,
        app_state_bytes=json.dumps(scenario.genesis()).encode(),
        initial_height=1,
    )
    return abci.Request(init_chain=request)


def _requests(height: int, time_s: int, txs: tuple[bytes, ...]) -> tuple[abci.Request, ...]:
    time = Timestamp(seconds=time_s)
    return (
        *(abci.Request(check_tx=abci.RequestCheckTx(tx=tx)) for tx in txs),
        abci.Request(
            prepare_proposal=abci.RequestPrepareProposal(txs=txs, max_tx_bytes=1 << 22, height=height, time=time)
        ),
        abci.Request(process_proposal=abci.RequestProcessProposal(txs=txs, height=height, time=time)),
        abci.Request(finalize_block=abci.RequestFinalizeBlock(txs=txs, height=height, time=time)),
        abci.Request(commit=abci.RequestCommit()),
    )
