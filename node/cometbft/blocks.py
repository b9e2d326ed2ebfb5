"""Blocks, transactions and their results, as a CometBFT node gives them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wire.go_json import Json, from_base64, parse_time_ns


@dataclass(frozen=True)
class Event:
    """An event of a transaction or block, attributes in the application's order."""

    type: str
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def from_json(cls, data: Json) -> Event:
        return cls(data["type"], tuple((item["key"], item["value"]) for item in data.get("attributes") or ()))


def parse_events(data: Sequence[Json] | None) -> tuple[Event, ...]:
    """A list of events, which Go's JSON writes as null when empty."""
    return tuple(Event.from_json(item) for item in data or ())


@dataclass(frozen=True)
class TxResult:
    """What FinalizeBlock said about one transaction; code 0 is success."""

    code: int
    data: bytes
    log: str
    info: str
    codespace: str
    events: tuple[Event, ...]

    @classmethod
    def from_json(cls, data: Json) -> TxResult:
        return cls(
            code=int(data.get("code") or 0),
            data=from_base64(data.get("data")),
            log=data.get("log") or "",
            info=data.get("info") or "",
            codespace=data.get("codespace") or "",
            events=parse_events(data.get("events")),
        )


@dataclass(frozen=True)
class CommittedTx:
    """A transaction in a block, with its place and result."""

    hash: bytes
    height: int
    index: int
    tx: bytes
    result: TxResult

    @classmethod
    def from_json(cls, data: Json) -> CommittedTx:
        return cls(
            hash=bytes.fromhex(data["hash"]),
            height=int(data["height"]),
            index=int(data["index"]),
            tx=from_base64(data["tx"]),
            result=TxResult.from_json(data["tx_result"]),
        )


@dataclass(frozen=True)
class Block:
    """A block. `app_hash` is the header's: the state after the block before it.

    `header` and `last_commit` are the node's JSON as it came, for whoever verifies signatures.
    """

    height: int
    time_ns: int
    chain_id: str
    hash: bytes
    app_hash: bytes
    proposer_address: bytes
    txs: tuple[bytes, ...]
    header: Json
    last_commit: Json

    @classmethod
    def from_json(cls, data: Json) -> Block:
        block, header = data["block"], data["block"]["header"]
        return cls(
            height=int(header["height"]),
            time_ns=parse_time_ns(header["time"]),
            chain_id=header["chain_id"],
            hash=bytes.fromhex(data["block_id"]["hash"]),
            app_hash=bytes.fromhex(header["app_hash"]),
            proposer_address=bytes.fromhex(header["proposer_address"]),
            txs=tuple(from_base64(tx) for tx in block["data"]["txs"] or ()),
            header=header,
            last_commit=block["last_commit"],
        )


@dataclass(frozen=True)
class BlockResults:
    """What FinalizeBlock said about a block. `app_hash` is the state after this very block."""

    height: int
    tx_results: tuple[TxResult, ...]
    events: tuple[Event, ...]
    app_hash: bytes

    @classmethod
    def from_json(cls, data: Json) -> BlockResults:
        return cls(
            height=int(data["height"]),
            tx_results=tuple(TxResult.from_json(item) for item in data["txs_results"] or ()),
            events=parse_events(data["finalize_block_events"]),
            app_hash=from_base64(data["app_hash"]),
        )


@dataclass(frozen=True)
class CommittedBlock:
    """A block with its results: result i belongs to transaction i."""

    block: Block
    results: BlockResults

    @property
    def height(self) -> int:
        return self.block.height
