"""Chains in memory, recorded as a node would."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from abci_app.app import App, Finalized
from abci_app.core.events import EncodedEvent
from abci_app.state.store import MemoryStore
from node.history.errors import HistoryError
from node.history.recorded import RecordedBlock, RecordedGenesis, Vote, results_hash
from node.history.span import Span
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto.keys_pb2 import PublicKey
from wire.gen.tendermint.types.validator_pb2 import BLOCK_ID_FLAG_COMMIT
from wire.governance import Misbehaviour


class MemorySource:
    """What a node would have recorded of a chain's calls. Its parts may be changed, to see what is made of that."""

    def __init__(self, beginning: RecordedGenesis, app_hash: bytes) -> None:
        self.beginning = beginning
        self.blocks: list[RecordedBlock] = []
        self.answers: list[abci.ResponseFinalizeBlock] = []
        self.keeps_results = True
        self._app = App(MemoryStore(), versions=1_000)
        self._app.init_chain(*_genesis_arguments(beginning))
        self._next = app_hash, b""

    def record(
        self,
        time_ns: int,
        txs: Sequence[bytes],
        misbehaviour: Sequence[Misbehaviour],
        signers: frozenset[bytes] | None,
        done: Finalized,
    ) -> None:
        """A block and what came of it."""
        height = len(self.blocks) + 1
        votes = () if signers is None else tuple(Vote(address, BLOCK_ID_FLAG_COMMIT) for address in sorted(signers))
        self.blocks.append(
            RecordedBlock(
                chain_id=self.beginning.chain_id,
                height=height,
                time_ns=time_ns,
                txs=tuple(txs),
                app_hash=self._next[0],
                last_results_hash=self._next[1],
                next_validators_hash=b"",
                proposer_address=bytes(20),
                misbehavior=tuple(map(_misbehavior, misbehaviour)),
                votes=votes,
            )
        )
        self.answers.append(_answer(done))
        self._next = done.app_hash, results_hash(self.answers[-1])
        self._app.finalize_block(height, time_ns, txs, misbehaviour, signers)
        self._app.commit()

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


@contextmanager
def recording() -> Iterator[list[MemorySource]]:
    """Record every chain that is begun in this context."""
    sources: list[MemorySource] = []
    begin, finalize = App.init_chain, App.finalize_block
    busy: list[bool] = []

    def init_chain(app: App, *arguments: Any) -> bytes:
        app_hash = begin(app, *arguments)
        if not busy:
            busy.append(True)
            chain_id, time_s, validators, app_state = arguments
            beginning = RecordedGenesis(chain_id, time_s * 10**9, 1, tuple(validators), app_state)
            sources.append(MemorySource(beginning, app_hash))
            busy.pop()
        return app_hash

    def finalize_block(
        app: App,
        height: int,
        time_ns: int,
        txs: Sequence[bytes],
        misbehaviour: Sequence[Misbehaviour] = (),
        signers: frozenset[bytes] | None = None,
    ) -> Finalized:
        done = finalize(app, height, time_ns, txs, misbehaviour, signers)
        if not busy:
            busy.append(True)
            sources[-1].record(time_ns, txs, misbehaviour, signers, done)
            busy.pop()
        return done

    with patch.object(App, "init_chain", init_chain), patch.object(App, "finalize_block", finalize_block):
        yield sources


def _genesis_arguments(beginning: RecordedGenesis) -> tuple[str, int, tuple[tuple[bytes, int], ...], bytes]:
    return beginning.chain_id, beginning.time_ns // 10**9, beginning.validators, beginning.app_state


def _answer(done: Finalized) -> abci.ResponseFinalizeBlock:
    return abci.ResponseFinalizeBlock(
        events=map(_event, done.block.events),
        tx_results=[
            abci.ExecTxResult(code=result.code, log=result.message, events=map(_event, result.events))
            for result in done.block.results
        ],
        validator_updates=[
            abci.ValidatorUpdate(pub_key=PublicKey(ed25519=key), power=power) for key, power in done.block.powers
        ],
        app_hash=done.app_hash,
    )


def _event(event: EncodedEvent) -> abci.Event:
    return abci.Event(
        type=event.name, attributes=[abci.EventAttribute(key="data", value=b64encode(event.data).decode())]
    )


def _misbehavior(found: Misbehaviour) -> abci.Misbehavior:
    return abci.Misbehavior(
        type=abci.MisbehaviorType.ValueType(found.offence),
        validator=abci.Validator(address=found.consensus_address),
        height=found.height,
    )
