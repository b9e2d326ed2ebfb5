"""Light blocks in CometBFT's JSON: what `commit` and `validators` answer, and what proofs in files hold.

A light block in a file is ``{"signed_header": ..., "validators": [...]}``, both as CometBFT's JSON-RPC gives them, so
that anybody can compare them with any node's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from wire.go_json import Json, format_time_ns, from_base64, parse_time_ns, to_base64
from wire.light.block import BlockId, Commit, CommitSignature, Header, LightBlock, Validator, VoteFor
from wire.light.hashing import validators_hash
from wire.light.verify import Anchor
from wire.unverified import Reason, Unverified

ED25519 = "tendermint/PubKeyEd25519"

T = TypeVar("T")


def light_block_from_json(data: Json) -> LightBlock:
    """Read a light block. Raises: Unverified MALFORMED."""
    return _read("the light block", lambda: parse_light_block(data["signed_header"], data["validators"]))


def parse_light_block(signed_header: Json, validators: Sequence[Json]) -> LightBlock:
    """A light block from the answers of `commit` and `validators`.

    Raises: KeyError, TypeError, ValueError, AttributeError for other shapes than CometBFT's.
    """
    return LightBlock(
        _header(signed_header["header"]), _commit(signed_header["commit"]), tuple(map(parse_validator, validators))
    )


def light_block_to_json(block: LightBlock) -> dict[str, Any]:
    """A light block as `light_block_from_json` reads it."""
    return {
        "signed_header": {"header": _header_json(block.header), "commit": _commit_json(block.commit)},
        "validators": [_validator_json(validator) for validator in block.validators],
    }


def parse_validator(data: Json) -> Validator:
    """A validator from an answer of `validators`. Raises: KeyError, TypeError, ValueError."""
    return Validator(_ed25519(data["pub_key"]), _integer(data["voting_power"], 63))


def genesis_anchor(data: Json) -> Anchor:
    """The validators of a genesis document, as what the chain's headers are verified from.

    Raises: Unverified MALFORMED, for one without validators too: its application names them then.
    """
    return _read("the genesis document", lambda: _genesis_anchor(data))


def _genesis_anchor(data: Json) -> Anchor:
    validators = [Validator(_ed25519(item["pub_key"]), _integer(item["power"], 63)) for item in data["validators"]]
    if not validators:
        raise ValueError("it names no validators")
    # The order of a set: the most powerful first, then by address.
    ordered = tuple(sorted(validators, key=lambda validator: (-validator.power, validator.address)))
    height = _integer(data.get("initial_height", "1"), 63) - 1
    time_ns = parse_time_ns(data["genesis_time"])
    return Anchor(str(data["chain_id"]), height, time_ns, b"", ordered, validators_hash(ordered))


def _read(what: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"{what} has not CometBFT's form: {type(error).__name__}: {error}"
        raise Unverified(Reason.MALFORMED, text) from error


def _header(data: Json) -> Header:
    version = data["version"]
    return Header(
        version_block=_integer(version["block"], 64),
        version_app=_integer(version.get("app") or "0", 64),
        chain_id=str(data["chain_id"]),
        height=_integer(data["height"], 63),
        time_ns=parse_time_ns(data["time"]),
        last_block_id=_block_id(data["last_block_id"]),
        last_commit_hash=_hex(data["last_commit_hash"]),
        data_hash=_hex(data["data_hash"]),
        validators_hash=_hex(data["validators_hash"]),
        next_validators_hash=_hex(data["next_validators_hash"]),
        consensus_hash=_hex(data["consensus_hash"]),
        app_hash=_hex(data["app_hash"]),
        last_results_hash=_hex(data["last_results_hash"]),
        evidence_hash=_hex(data["evidence_hash"]),
        proposer_address=_hex(data["proposer_address"]),
    )


def _header_json(header: Header) -> dict[str, Any]:
    return {
        "version": {"block": str(header.version_block), "app": str(header.version_app)},
        "chain_id": header.chain_id,
        "height": str(header.height),
        "time": format_time_ns(header.time_ns),
        "last_block_id": _block_id_json(header.last_block_id),
        "last_commit_hash": header.last_commit_hash.hex().upper(),
        "data_hash": header.data_hash.hex().upper(),
        "validators_hash": header.validators_hash.hex().upper(),
        "next_validators_hash": header.next_validators_hash.hex().upper(),
        "consensus_hash": header.consensus_hash.hex().upper(),
        "app_hash": header.app_hash.hex().upper(),
        "last_results_hash": header.last_results_hash.hex().upper(),
        "evidence_hash": header.evidence_hash.hex().upper(),
        "proposer_address": header.proposer_address.hex().upper(),
    }


def _commit(data: Json) -> Commit:
    signatures = tuple(
        CommitSignature(
            VoteFor(item["block_id_flag"]),
            _hex(item["validator_address"]),
            parse_time_ns(item["timestamp"]),
            from_base64(item["signature"]),
        )
        for item in data["signatures"]
    )
    return Commit(_integer(data["height"], 63), _integer(data["round"], 31), _block_id(data["block_id"]), signatures)


def _commit_json(commit: Commit) -> dict[str, Any]:
    return {
        "height": str(commit.height),
        "round": commit.round,
        "block_id": _block_id_json(commit.block_id),
        "signatures": [
            {
                "block_id_flag": int(item.vote),
                "validator_address": item.validator_address.hex().upper(),
                "timestamp": format_time_ns(item.time_ns),
                "signature": to_base64(item.signature) if item.signature else None,
            }
            for item in commit.signatures
        ],
    }


def _validator_json(validator: Validator) -> dict[str, Any]:
    return {
        "address": validator.address.hex().upper(),
        "pub_key": {"type": ED25519, "value": to_base64(validator.public_key)},
        "voting_power": str(validator.power),
    }


def _block_id(data: Json) -> BlockId:
    parts = data["parts"]
    return BlockId(_hex(data["hash"]), _integer(parts["total"], 32), _hex(parts["hash"]))


def _block_id_json(block_id: BlockId) -> dict[str, Any]:
    parts = {"total": block_id.parts_total, "hash": block_id.parts_hash.hex().upper()}
    return {"hash": block_id.hash.hex().upper(), "parts": parts}


def _ed25519(data: Mapping[str, Any]) -> bytes:
    if data["type"] != ED25519:
        raise ValueError(f"a validator's key of type {data['type']!r}: this verifies {ED25519} alone")
    return from_base64(data["value"])


def _integer(value: Any, bits: int) -> int:
    """A number that Go writes as such or, of 64 bits, as a string of decimal digits."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not (text.isascii() and text.isdecimal()) or len(text) > 20:
        raise ValueError(f"{str(value)[:40]!r} is no number")
    number = int(text)
    if number >> bits:
        raise ValueError(f"{number} has more than {bits} bits")
    return number


def _hex(text: Any) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"{str(text)[:40]!r} is no hexadecimal text")
    return bytes.fromhex(text)
