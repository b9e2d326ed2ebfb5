"""A chain's past from the files of a stopped node (store/store.go and state/store.go of the pinned tag)."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from google.protobuf.message import DecodeError, Message

from node.cometbft.home import GENESIS
from node.history.errors import HistoryError
from node.history.level_copy import LevelCopy
from node.history.recorded import RecordedBlock, RecordedGenesis, Vote
from node.history.span import Span
from wire.chain import BlockInfo
from wire.codec import decode
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.store.types_pb2 import BlockStoreState
from wire.gen.tendermint.types.block_pb2 import Block, BlockMeta, Part
from wire.gen.tendermint.types.evidence_pb2 import Evidence

M = TypeVar("M", bound=Message)

_NANOSECONDS = 1_000_000_000


class HomeSource:
    """Reads ``data/blockstore.db`` and ``data/state.db`` of a CometBFT home; use it as a context manager.

    Raises: HistoryError when it is no such home, or the node runs.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._blocks = stack.enter_context(LevelCopy(self._home / "data" / "blockstore.db"))
            self._states = stack.enter_context(LevelCopy(self._home / "data" / "state.db"))
            self._close = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close.close()

    async def genesis(self) -> RecordedGenesis:
        """The chain's beginning, from ``config/genesis.json``."""
        file = self._home / GENESIS
        try:
            return RecordedGenesis.from_json(json.loads(file.read_bytes()))
        except (OSError, ValueError, RecursionError) as error:
            raise HistoryError(f"{file}: {error}") from error

    async def span(self) -> Span:
        """Which blocks are there."""
        state = self._read(self._blocks, "blockStore", BlockStoreState)
        if state is None:
            raise HistoryError(f"{self._home} holds no block: the node never ran")
        return Span(max(state.base, 1), state.height)

    async def block(self, height: int) -> RecordedBlock:
        """One block, put together from its parts."""
        meta = self._read(self._blocks, f"H:{height}", BlockMeta)
        if meta is None:
            raise HistoryError(f"block {height} is not in {self._home}: it was pruned, or the chain is not that long")
        pieces = []
        for index in range(meta.block_id.part_set_header.total):
            part = self._read(self._blocks, f"P:{height}:{index}", Part)
            if part is None:
                raise HistoryError(f"block {height} lacks part {index} in {self._home}: the store is damaged")
            pieces.append(part.bytes)
        block = _parsed(Block, b"".join(pieces), f"block {height}")
        header = block.header
        return RecordedBlock(
            chain_id=header.chain_id,
            height=header.height,
            time_ns=header.time.seconds * _NANOSECONDS + header.time.nanos,
            txs=tuple(block.data.txs),
            app_hash=header.app_hash,
            last_results_hash=header.last_results_hash,
            next_validators_hash=header.next_validators_hash,
            proposer_address=header.proposer_address,
            misbehavior=tuple(one for item in block.evidence.evidence for one in _misbehavior(item)),
            votes=tuple(Vote(one.validator_address, one.block_id_flag) for one in block.last_commit.signatures),
        )

    async def results(self, height: int) -> abci.ResponseFinalizeBlock | None:
        """What the node's application answered to a block."""
        return self._read(self._states, f"abciResponsesKey:{height}", abci.ResponseFinalizeBlock)

    async def value(self, store: str, key: bytes, height: int) -> bytes:
        """An item of the state beside the node, which is there after the last block alone.

        Raises: HistoryError for other heights, and where the state is not in LevelDB.
        """
        with LevelCopy(self._home / "state") as state:
            info = decode(BlockInfo, state.get(b"\x00last-block") or b"")
            if info.height != height:
                raise HistoryError(f"the state in {self._home} is that after block {info.height}, not {height}")
            return state.get(store.encode() + b"/" + key) or b""

    def _read(self, store: LevelCopy, key: str, type_: type[M]) -> M | None:
        data = store.get(key.encode())
        return None if data is None else _parsed(type_, data, key)


def _parsed(type_: type[M], data: bytes, what: str) -> M:
    try:
        return type_.FromString(data)
    except DecodeError as error:
        raise HistoryError(f"{what} is damaged in the store: {error}") from error


def _misbehavior(evidence: Evidence) -> list[abci.Misbehavior]:
    """As types/evidence.go makes it."""
    if evidence.WhichOneof("sum") == "duplicate_vote_evidence":
        twice = evidence.duplicate_vote_evidence
        return [
            abci.Misbehavior(
                type=abci.DUPLICATE_VOTE,
                validator=abci.Validator(address=twice.vote_a.validator_address, power=twice.validator_power),
                height=twice.vote_a.height,
                time=twice.timestamp,
                total_voting_power=twice.total_voting_power,
            )
        ]
    attack = evidence.light_client_attack_evidence
    return [
        abci.Misbehavior(
            type=abci.LIGHT_CLIENT_ATTACK,
            validator=abci.Validator(address=validator.address, power=validator.voting_power),
            height=attack.common_height,
            time=attack.timestamp,
            total_voting_power=attack.total_voting_power,
        )
        for validator in attack.byzantine_validators
    ]
