"""What a CometBFT node answers about itself, its peers, its mempool and its application."""

from __future__ import annotations

from dataclasses import dataclass

from wire.go_json import Json, from_base64, parse_time_ns


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
            proof_ops=tuple(ProofOp(op["type"], from_base64(op.get("key")), from_base64(op.get("data"))) for op in ops),
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
