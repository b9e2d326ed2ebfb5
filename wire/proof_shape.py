"""What proof files are made of, so that whatever is wrong in one is named by its place (docs/proof.schema.json)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_SHOWN_CHARACTERS = 40


class Leaf(NamedTuple):
    """A single value: text of a pattern; a whole number too where that is one, and null where it may be."""

    pattern: re.Pattern[str]
    words: str
    number: bool = False
    null: bool = False


class Optional(NamedTuple):
    """A member that may be missing."""

    shape: Any


# Text without half a surrogate pair, which no UTF-8 holds.
TEXT: Final = Leaf(re.compile("[^\ud800-\udfff]*"), "text")
NUMBER: Final = Leaf(re.compile("[0-9]{1,20}"), "a whole number", number=True)
HEX: Final = Leaf(re.compile("(?:[0-9a-fA-F]{2})*"), "hexadecimal digits, two a byte")
BASE64: Final = Leaf(re.compile("[A-Za-z0-9+/]*={0,2}"), "base64", null=True)
TIME: Final = Leaf(
    re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9:]{8}(?:\.[0-9]{1,9})?Z"), "a time as 2026-01-31T12:00:00Z"
)

_BLOCK_ID: Final = {"hash": HEX, "parts": {"total": NUMBER, "hash": HEX}}
_HASHES: Final = (
    *("last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash"),
    *("last_results_hash", "evidence_hash", "proposer_address"),
)
_HEADER: Final = {
    "version": {"block": NUMBER, "app": Optional(NUMBER)},
    "chain_id": TEXT,
    "height": NUMBER,
    "time": TIME,
    "last_block_id": _BLOCK_ID,
} | dict.fromkeys(_HASHES, HEX)
_VOTE: Final = {"block_id_flag": NUMBER, "validator_address": HEX, "timestamp": TIME, "signature": BASE64}
_BLOCK: Final = {
    "signed_header": {
        "header": _HEADER,
        "commit": {"height": NUMBER, "round": NUMBER, "block_id": _BLOCK_ID, "signatures": [_VOTE]},
    },
    "validators": [{"pub_key": {"type": TEXT, "value": BASE64}, "voting_power": NUMBER}],
}
_ITEM: Final = {
    "store": TEXT,
    "key": HEX,
    "value": HEX._replace(null=True),
    "ops": [{"type": TEXT, "key": HEX, "data": HEX}],
}
PROOF_FILE: Final = {
    "format": TEXT,
    "kind": TEXT,
    "chain_id": TEXT,
    "height": NUMBER,
    "items": [_ITEM],
    "block": _BLOCK,
    "trail": [_BLOCK],
}


def check_shape(data: Any, shape: Any = PROOF_FILE, place: str = "") -> None:
    """See that data have a shape. Raises: ValueError naming the first place where they don't, and what it should be."""
    if isinstance(shape, Leaf):
        _check_leaf(data, shape, place)
    elif isinstance(shape, list):
        if not isinstance(data, list):
            raise ValueError(f"{_named(place, data)}, not a list")
        for index, one in enumerate(data):
            check_shape(one, shape[0], f"{place}[{index}]")
    else:
        if not isinstance(data, dict):
            raise ValueError(f"{_named(place, data)}, not an object with {', '.join(shape)}")
        _check_members(data, shape, place)


def _check_members(data: dict[str, Any], shape: Mapping[str, Any], place: str) -> None:
    for name, inner in shape.items():
        inside = f"{place}.{name}" if place else name
        if name in data:
            check_shape(data[name], inner.shape if isinstance(inner, Optional) else inner, inside)
        elif not isinstance(inner, Optional):
            raise ValueError(f"{inside} is missing")


def _check_leaf(data: Any, leaf: Leaf, place: str) -> None:
    if data is None and leaf.null:
        return
    text = str(data) if leaf.number and type(data) is int else data
    if not isinstance(text, str) or leaf.pattern.fullmatch(text) is None:
        raise ValueError(f"{_named(place, data)}, not {leaf.words}")


def _named(place: str, data: Any) -> str:
    """A place with what is there, as far as it may be shown."""
    if isinstance(data, dict | list):
        shown = "an object" if isinstance(data, dict) else "a list"
    else:
        shown = ascii(data)
        shown = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}..."
    return f"{place} is {shown}" if place else f"the whole is {shown}"
