"""Proofs in files: items of the state, the header that they follow from, and who signed it (docs/proof.schema.json).

A file stands for itself: whoever has it and knows the chain's genesis validators, or one header's hash, needs no node
to check it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from wire.light.block import LightBlock
from wire.light.json_form import light_block_from_json, light_block_to_json
from wire.light.verify import Anchor, Signer, Trust, anchor_of, check_consistent, verify, verify_commit
from wire.merkle import ProofOp
from wire.proof import MAX_PROOF_BYTES, verified_value
from wire.proof_shape import check_shape
from wire.strict_json import BadJson, read_json
from wire.unverified import Reason, Unverified

FORMAT = "vdg-proof/1"
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_ITEMS = 16
_SHOWN_CHARACTERS = 200
_MAX_KEY_BYTES = 1024
_MAX_VALUE_BYTES = 1024 * 1024


class FiledItem(NamedTuple):
    """An item, its encoded value (None: there is none) and the operators that lead from it to the app hash."""

    store: str
    key: bytes
    value: bytes | None
    ops: tuple[ProofOp, ...]


class ProofFile(NamedTuple):
    """Items after the block of a height, the next height's block, and blocks that lead to it from a trusted one.

    ``kind`` says what the items are together: ``item``, or a receipt.
    """

    kind: str
    chain_id: str
    height: int
    items: tuple[FiledItem, ...]
    block: LightBlock
    trail: tuple[LightBlock, ...] = ()


class Checked(NamedTuple):
    """What a file proves, and by whom: the validators that signed the header."""

    file: ProofFile
    signers: tuple[Signer, ...]


class TrustedHash(NamedTuple):
    """A header that is known to be right, by its height and hash."""

    height: int
    hash: bytes


def proof_file_text(file: ProofFile) -> str:
    """A file's content, JSON."""
    data = {
        "format": FORMAT,
        "kind": file.kind,
        "chain_id": file.chain_id,
        "height": str(file.height),
        "items": [_item_json(item) for item in file.items],
        "block": light_block_to_json(file.block),
        "trail": [light_block_to_json(block) for block in file.trail],
    }
    return json.dumps(data, indent=1) + "\n"


def parse_proof_file(content: bytes) -> ProofFile:
    """Read a file. Nothing of it is verified yet. Raises: Unverified OVERSIZED, MALFORMED."""
    if len(content) > MAX_FILE_BYTES:
        raise Unverified(Reason.OVERSIZED, f"the file has {len(content)} bytes: at most {MAX_FILE_BYTES} are read")
    try:
        data = read_json(content)
        if isinstance(data, dict):
            _check_kind(data)
        check_shape(data)
        height = int(data["height"])
        if not 0 < height < 1 << 62:
            raise ValueError(f"height is {height}, not 1 to {(1 << 62) - 1}")
        return ProofFile(
            str(data["kind"]),
            str(data["chain_id"]),
            height,
            tuple(_item(item) for item in data["items"]),
            light_block_from_json(data["block"]),
            tuple(light_block_from_json(block) for block in data["trail"]),
        )
    except ValueError as error:
        wrong = f"it {error.reason}" if isinstance(error, BadJson) else str(error)[:_SHOWN_CHARACTERS]
        text = f"the file is no proof: {wrong}; it was cut or changed: have it exported again"
        raise Unverified(Reason.MALFORMED, text) from error


def _check_kind(data: dict[str, Any]) -> None:
    """See that a file is of this format and not too large, before anything else of it is looked at."""
    if data.get("format") != FORMAT:
        text = f"the file is of format {ascii(data.get('format'))[:_SHOWN_CHARACTERS]}: this reads {FORMAT}"
        raise Unverified(Reason.MALFORMED, text)
    items = data.get("items")
    if isinstance(items, list) and not 0 < len(items) <= MAX_ITEMS:
        raise Unverified(Reason.OVERSIZED, f"the file proves {len(items)} items: 1 to {MAX_ITEMS} are read")


def check_proof_file(file: ProofFile, trusted: Anchor | TrustedHash, trust: Trust, now_ns: int) -> Checked:
    """See that a file proves its items, from a genesis or a header that is trusted.

    Raises: Unverified, with the reason.
    """
    signers = _check_blocks(file, trusted, trust, now_ns)
    if file.block.height != file.height + 1:
        text = f"items at height {file.height} are proved by header {file.height + 1}, the file has {file.block.height}"
        raise Unverified(Reason.WRONG_HEIGHT, text)
    app_hash = file.block.header.app_hash
    for item in file.items:
        proved = verified_value(app_hash, item.store, item.key, item.value or b"", item.ops)
        if proved != item.value:
            said, shown = ("no value", "one") if item.value is None else ("a value", "none")
            raise Unverified(
                Reason.FORGED_VALUE, f"key {item.key.hex()}: the file says {said}, its proof shows {shown}"
            )
    return Checked(file, signers)


def _check_blocks(file: ProofFile, trusted: Anchor | TrustedHash, trust: Trust, now_ns: int) -> tuple[Signer, ...]:
    """Verify the trail and the block. Returns who signed the block."""
    blocks = [*file.trail, file.block]
    heights = [block.height for block in blocks]
    if heights != sorted(set(heights)):
        raise Unverified(Reason.MALFORMED, f"the headers of the file are of heights {heights}: give them in order")
    if isinstance(trusted, Anchor):
        if file.chain_id != trusted.chain_id:
            text = f"the file is of chain {file.chain_id!r}, trusted is {trusted.chain_id!r}"
            raise Unverified(Reason.WRONG_CHAIN, text)
        return _follow(trusted, blocks, trust, now_ns)
    found = [block for block in blocks if block.height == trusted.height]
    if not found:
        text = (
            f"the file has no header of height {trusted.height}, but of {heights}: have it made with "
            f"--trust-height {trusted.height} and its hash"
        )
        raise Unverified(Reason.BEFORE_TRUST, text)
    digest = check_consistent(found[0], file.chain_id)
    if digest != trusted.hash:
        text = f"the header at {trusted.height} has the hash {digest.hex()}, trusted is {trusted.hash.hex()}"
        raise Unverified(Reason.TRUST_MISMATCH, text)
    later = [block for block in blocks if block.height > trusted.height]
    if not later:
        return verify_commit(found[0])
    return _follow(anchor_of(found[0]), later, trust, now_ns)


def _follow(anchor: Anchor, blocks: Sequence[LightBlock], trust: Trust, now_ns: int) -> tuple[Signer, ...]:
    signers: tuple[Signer, ...] = ()
    for block in blocks:
        signers = verify(anchor, block, trust, now_ns)
        anchor = anchor_of(block)
    return signers


def _item_json(item: FiledItem) -> dict[str, Any]:
    return {
        "store": item.store,
        "key": item.key.hex(),
        "value": None if item.value is None else item.value.hex(),
        "ops": [{"type": op.type, "key": op.key.hex(), "data": op.data.hex()} for op in item.ops],
    }


def _item(data: Any) -> FiledItem:
    ops = tuple(ProofOp(str(op["type"]), _hex(op["key"]), _hex(op["data"], MAX_PROOF_BYTES)) for op in data["ops"])
    value = None if data["value"] is None else _hex(data["value"], _MAX_VALUE_BYTES)
    return FiledItem(str(data["store"]), _hex(data["key"]), value, ops)


def _hex(text: str, most_bytes: int = _MAX_KEY_BYTES) -> bytes:
    if len(text) > 2 * most_bytes:
        raise Unverified(Reason.OVERSIZED, f"{len(text) // 2} bytes where at most {most_bytes} are read")
    return bytes.fromhex(text)
