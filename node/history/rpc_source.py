"""A chain's past from a running node, over its JSON-RPC."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from google.protobuf.timestamp_pb2 import Timestamp

from node.cometbft.blocks import Block, BlockResults, Event
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import NotFoundError, RpcMalformedError
from node.history.errors import HistoryError
from node.history.recorded import RecordedBlock, RecordedGenesis, Vote
from node.history.span import Span
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.go_json import from_base64, parse_time_ns

_NANOSECONDS = 1_000_000_000


class RpcSource:
    """Asks one node. Raises besides HistoryError what `node.cometbft.rpc` raises."""

    def __init__(self, url: str) -> None:
        self._rpc = RpcClient(url, timeout_seconds=60)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._rpc.close()

    async def genesis(self) -> RecordedGenesis:
        """The chain's beginning; the node sends the document in pieces."""
        pieces: list[bytes] = []
        total = 1
        while len(pieces) < total:
            answer = await self._rpc.call("genesis_chunked", chunk=str(len(pieces)))
            try:
                total = int(answer["total"])
                pieces.append(from_base64(answer["data"]))
            except (KeyError, TypeError, ValueError) as error:
                raise RpcMalformedError(f"genesis_chunked at {self._rpc.url} answered {str(answer)[:200]}") from error
        try:
            document = json.loads(b"".join(pieces))
        except (ValueError, RecursionError) as error:
            raise RpcMalformedError(f"genesis_chunked at {self._rpc.url} is no JSON: {error}") from error
        return RecordedGenesis.from_json(document)

    async def span(self) -> Span:
        """Which blocks are there."""
        status = await self._rpc.status()
        return Span(status.earliest_height, status.height)

    async def block(self, height: int) -> RecordedBlock:
        """One block."""
        try:
            answer = await self._rpc.call("block", height=str(height))
        except NotFoundError as error:
            raise HistoryError(f"block {height} is not there: {error.reason}") from error
        try:
            block = Block.from_json(answer)
            return RecordedBlock(
                chain_id=block.chain_id,
                height=block.height,
                time_ns=block.time_ns,
                txs=block.txs,
                app_hash=block.app_hash,
                last_results_hash=bytes.fromhex(block.header["last_results_hash"]),
                next_validators_hash=bytes.fromhex(block.header["next_validators_hash"]),
                proposer_address=block.proposer_address,
                misbehavior=tuple(_misbehavior(answer["block"]["evidence"]["evidence"] or ())),
                votes=tuple(
                    Vote(bytes.fromhex(one["validator_address"]), int(one["block_id_flag"]))
                    for one in block.last_commit["signatures"] or ()
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RpcMalformedError(f"block at {self._rpc.url} answered {str(answer)[:200]}") from error

    async def results(self, height: int) -> abci.ResponseFinalizeBlock | None:
        """What the node's application answered to a block."""
        try:
            answer = await self._rpc.block_results(height)
        except NotFoundError:
            return None
        return _finalized(answer)

    async def value(self, store: str, key: bytes, height: int) -> bytes:
        """An item of the application's state after a block; b"" when it is absent.

        Raises: HistoryError for a height that the application keeps no more.
        """
        answer = await self._rpc.abci_query(f"/store/{store}/key", key, height=height)
        if answer.code:
            raise HistoryError(f"item {key.hex()} of store {store} at height {height}: {answer.log}")
        return answer.value


def _finalized(results: BlockResults) -> abci.ResponseFinalizeBlock:
    return abci.ResponseFinalizeBlock(
        events=[_event(event) for event in results.events],
        tx_results=[
            abci.ExecTxResult(
                code=result.code,
                data=result.data,
                log=result.log,
                events=[_event(event) for event in result.events],
                codespace=result.codespace,
            )
            for result in results.tx_results
        ],
        app_hash=results.app_hash,
    )


def _event(event: Event) -> abci.Event:
    attributes = [abci.EventAttribute(key=key, value=value) for key, value in event.attributes]
    return abci.Event(type=event.type, attributes=attributes)


def _misbehavior(evidence: Sequence[Mapping[str, Any]]) -> list[abci.Misbehavior]:
    """As types/evidence.go of the pinned tag makes it from evidence; members without a tag keep Go's names."""
    found: list[abci.Misbehavior] = []
    for item in evidence:
        value = item["value"]
        time_s, nanoseconds = divmod(parse_time_ns(value["Timestamp"]), _NANOSECONDS)
        if "vote_a" in value:
            kind, height = abci.DUPLICATE_VOTE, int(value["vote_a"]["height"])
            accused = [(value["vote_a"]["validator_address"], value["ValidatorPower"])]
        else:
            kind, height = abci.LIGHT_CLIENT_ATTACK, int(value["CommonHeight"])
            accused = [(one["address"], one["voting_power"]) for one in value["ByzantineValidators"] or ()]
        found += [
            abci.Misbehavior(
                type=kind,
                validator=abci.Validator(address=bytes.fromhex(address), power=int(power)),
                height=height,
                time=Timestamp(seconds=time_s, nanos=nanoseconds),
                total_voting_power=int(value["TotalVotingPower"]),
            )
            for address, power in accused
        ]
    return found
