"""What a CometBFT node answers, as values: binary fields as bytes, 64-bit numbers as int, times in nanoseconds."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

Json = Mapping[str, Any]

_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def parse_time_ns(text: str) -> int:
    """An RFC 3339 time in UTC as nanoseconds since 1970; a float or datetime would lose the last digits.

    Raises:
        ValueError: when the text is no such time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no RFC 3339 time in UTC")
    seconds = int(datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))


def from_base64(text: str | None) -> bytes:
    """Bytes that Go's JSON writes as base64, or as null when empty."""
    return base64.b64decode(text, validate=True) if text else b""


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
class Broadcast:
    """What CheckTx said about a transaction (code 0 with broadcast_tx_async, which does not wait for it)."""

    hash: bytes
    code: int
    data: bytes
    log: str
    codespace: str

    @classmethod
    def from_json(cls, data: Json) -> Broadcast:
        return cls(
            hash=bytes.fromhex(data["hash"]),
            code=int(data["code"]),
            data=bytes.fromhex(data["data"]),
            log=data["log"],
            codespace=data["codespace"],
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
class Status:
    """Where a node stands. `app_hash` is the one in the latest header: the state after the block before it."""

    node_id: str
    moniker: str
    chain_id: str
    version: str
    height: int
    time_ns: int
    block_hash: bytes
    app_hash: bytes
    earliest_height: int
    catching_up: bool
    validator_address: bytes
    voting_power: int

    @classmethod
    def from_json(cls, data: Json) -> Status:
        node, sync, validator = data["node_info"], data["sync_info"], data["validator_info"]
        return cls(
            node_id=node["id"],
            moniker=node["moniker"],
            chain_id=node["network"],
            version=node["version"],
            height=int(sync["latest_block_height"]),
            time_ns=parse_time_ns(sync["latest_block_time"]),
            block_hash=bytes.fromhex(sync["latest_block_hash"]),
            app_hash=bytes.fromhex(sync["latest_app_hash"]),
            earliest_height=int(sync["earliest_block_height"]),
            catching_up=bool(sync["catching_up"]),
            validator_address=bytes.fromhex(validator["address"]),
            voting_power=int(validator["voting_power"]),
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


@dataclass(frozen=True)
class Validator:
    """A member of the validator set at some height."""

    address: bytes
    public_key: bytes
    key_type: str
    voting_power: int

    @classmethod
    def from_json(cls, data: Json) -> Validator:
        return cls(
            address=bytes.fromhex(data["address"]),
            public_key=from_base64(data["pub_key"]["value"]),
            key_type=data["pub_key"]["type"],
            voting_power=int(data["voting_power"]),
        )


@dataclass(frozen=True)
class ProofOp:
    """One step of a Merkle proof (proto tendermint.crypto.ProofOp)."""

    type: str
    key: bytes
    data: bytes


@dataclass(frozen=True)
class QueryAnswer:
    """What the application's Query said; code 0 is success."""

    code: int
    log: str
    info: str
    codespace: str
    key: bytes
    value: bytes
    height: int
    proof_ops: tuple[ProofOp, ...]

    @classmethod
    def from_json(cls, data: Json) -> QueryAnswer:
        response = data["response"]
        ops = (response.get("proofOps") or {}).get("ops") or ()
        return cls(
            code=int(response.get("code") or 0),
            log=response.get("log") or "",
            info=response.get("info") or "",
            codespace=response.get("codespace") or "",
            key=from_base64(response.get("key")),
            value=from_base64(response.get("value")),
            height=int(response.get("height") or 0),
            proof_ops=tuple(
                ProofOp(op["type"], from_base64(op.get("key")), from_base64(op.get("data"))) for op in ops
            ),
        )


@dataclass(frozen=True)
class AppInfo:
    """What the application's Info said."""

    data: str
    version: str
    app_version: int
    last_block_height: int
    last_block_app_hash: bytes

    @classmethod
    def from_json(cls, data: Json) -> AppInfo:
        response = data["response"]
        return cls(
            data=response.get("data") or "",
            version=response.get("version") or "",
            app_version=int(response.get("app_version") or 0),
            last_block_height=int(response.get("last_block_height") or 0),
            last_block_app_hash=from_base64(response.get("last_block_app_hash")),
        )


@dataclass(frozen=True)
class Peer:
    """A node this node is connected to."""

    node_id: str
    moniker: str
    remote_ip: str
    outbound: bool

    @classmethod
    def from_json(cls, data: Json) -> Peer:
        node = data["node_info"]
        return cls(node["id"], node["moniker"], data["remote_ip"], bool(data["is_outbound"]))


@dataclass(frozen=True)
class MempoolSize:
    """How many transactions wait, and their size in bytes."""

    txs: int
    total_bytes: int

    @classmethod
    def from_json(cls, data: Json) -> MempoolSize:
        return cls(txs=int(data["total"]), total_bytes=int(data["total_bytes"]))
