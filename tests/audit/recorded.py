"""Chains in memory, recorded as a node would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.history.errors import HistoryError
from node.history.recorded import RecordedBlock, RecordedGenesis, results_hash
from node.history.source import Span
from node.replay.replay import finalize_request, init_chain_request
from node.validator import ValidatorApplication
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import public_key_of
from wire.gen.tendermint.abci import types_pb2 as abci

VALIDATORS = ((public_key_of("validator-1"), 30), (public_key_of("validator-2"), 10))


class RecordedChain(Chain):
    """A chain that remembers its blocks: time and transactions of each."""

    def __init__(self, genesis: dict[str, Any] | None = None) -> None:
        self.document = world.genesis() if genesis is None else genesis
        self.inputs: list[tuple[int, tuple[bytes, ...]]] = []
        super().__init__(self.document)

    def finalize(self, *txs: bytes, time_s: int | None = None, **reported: Any) -> Any:
        """As a chain does."""
        done = super().finalize(*txs, time_s=time_s, **reported)
        self.inputs.append((self.time_s, txs))
        return done


class MemorySource:
    """What a node would have recorded of these blocks. Its parts may be changed, to see what is made of that."""

    def __init__(self, document: dict[str, Any], inputs: Sequence[tuple[int, tuple[bytes, ...]]]) -> None:
        self.beginning = RecordedGenesis(
            world.CHAIN_ID, world.GENESIS_S * 10**9, 1, VALIDATORS, json.dumps(document).encode()
        )
        self.blocks: list[RecordedBlock] = []
        self.answers: list[abci.ResponseFinalizeBlock] = []
        self.keeps_results = True
        self._app = App(MemoryStore(), versions=1_000)
        application = ValidatorApplication(self._app)
        app_hash = application.init_chain(init_chain_request(self.beginning)).app_hash
        last_results_hash = b""
        for height, (time_s, txs) in enumerate(inputs, 1):
            block = RecordedBlock(
                world.CHAIN_ID, height, time_s * 10**9, txs, app_hash, last_results_hash, b"", bytes(20)
            )
            answer = application.finalize_block(finalize_request(block))
            application.commit(abci.RequestCommit())
            app_hash, last_results_hash = answer.app_hash, results_hash(answer)
            self.blocks.append(block)
            self.answers.append(answer)

    async def genesis(self) -> RecordedGenesis:
        """The chain's beginning."""
        return self.beginning

    async def span(self) -> Span:
        """All blocks."""
        return Span(1, len(self.blocks))

    async def block(self, height: int) -> RecordedBlock:
        """One block."""
        return self.blocks[height - 1]

    async def results(self, height: int) -> abci.ResponseFinalizeBlock | None:
        """What the application answered."""
        return self.answers[height - 1] if self.keeps_results else None

    async def value(self, store: str, key: bytes, height: int) -> bytes:
        """An item of the state."""
        answer = self._app.query(f"/store/{store}/key", key, height)
        if answer.code:
            raise HistoryError(answer.message)
        return answer.value
