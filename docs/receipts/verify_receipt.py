"""Verify a receipt of a vdg chain. Shares no code with the chain: Python's standard library and PyNaCl are enough.

    python verify_receipt.py receipt.json genesis.json
    python verify_receipt.py receipt.json <hash of a header in the file, 64 hexadecimal digits>

Exit code 0: all of the following holds, and it prints what is proved. 1: something does not, and it says what.
More than 2/3 of the validators of every header in the file signed it, with more than 1/3 of the power trusted before:
that of the genesis document's validators, or of the header whose hash was given. Every item leads by its Merkle path
to the app hash of the last header. The grid's record says when its slots are; a flow is signed by a proof key of it.
"""

import base64
import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

# Of each kind: where its item stands, and the fields in order of their numbers (proto/vdg): + signed, $ text, # bytes.
KINDS = """
flow-proof flowproof p #account +flow_wh $meter #signature
certificate settlement c $certificate_id $vdg slot #producer #consumer energy_wh retired_wh
clearing market b $vdg $product slot gate_s height #seed bids asks #critical_buyer #critical_seller bid_volume_wh \
ask_volume_wh volume_wh buy_price_neur_per_wh sell_price_neur_per_wh contracts
settlement settlement b $vdg slot #account +flow_wh bought_wh sold_wh +planned_wh +contracts_neur +deviation_neur \
rebate_neur +reward_neur debt_neur
"""


def check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def varint(value: int) -> bytes:
    return bytes((value,)) if value < 128 else bytes((value & 127 | 128,)) + varint(value >> 7)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value & (1 << 64) - 1) if value else b""


def chunk(field: int, data: bytes, always: bool = False) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data if data or always else b""


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while data[position] > 127:
        value, shift, position = value | (data[position] & 127) << shift, shift + 7, position + 1
    return value | data[position] << shift, position + 1


def fields(data: bytes) -> dict[int, list[Any]]:
    """A protobuf message's values by field number."""
    found: dict[int, list[Any]] = {}
    position = 0
    while position < len(data):
        tag, position = read_varint(data, position)
        value, position = read_varint(data, position)
        check(tag & 7 in (0, 2), "an unknown kind of field")
        if tag & 7 == 2:
            value, position = data[position : position + value], position + value
        found.setdefault(tag >> 3, []).append(value)
    return found


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def time_bytes(text: str) -> bytes:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return number(1, seconds) + number(2, int((fraction or "0").ljust(9, "0")))


def block_id(data: Any) -> bytes:
    parts = number(1, data["parts"]["total"]) + chunk(2, bytes.fromhex(data["parts"]["hash"]))
    return chunk(1, bytes.fromhex(data["hash"])) + chunk(2, parts, always=True)


def header_hash(header: Any) -> bytes:
    version = number(1, int(header["version"]["block"])) + number(2, int(header["version"].get("app", 0)))
    members = [version, chunk(1, header["chain_id"].encode()), number(1, int(header["height"]))]
    members += [time_bytes(header["time"]), block_id(header["last_block_id"])]
    hashes = "last_commit_hash data_hash validators_hash next_validators_hash consensus_hash app_hash last_results_hash"
    members += [chunk(1, bytes.fromhex(header[name])) for name in f"{hashes} evidence_hash proposer_address".split()]
    return root(members)


def members_of(validators: Any, power: str) -> dict[bytes, int]:
    return {base64.b64decode(one["pub_key"]["value"]): int(one[power]) for one in validators}


def verified_block(block: Any, chain_id: str) -> tuple[dict[bytes, int], set[bytes]]:
    """The powers of a block's validators by their keys, and the keys that signed."""
    header, commit = block["signed_header"]["header"], block["signed_header"]["commit"]
    height, powers = header["height"], members_of(block["validators"], "voting_power")
    simple = [chunk(1, chunk(1, key), True) + number(2, power) for key, power in powers.items()]
    check(header["chain_id"] == chain_id and commit["height"] == height, f"header {height} is of another chain")
    check(header_hash(header).hex() == commit["block_id"]["hash"].lower(), f"header {height} is not what was signed")
    check(root(simple).hex() == header["validators_hash"].lower(), f"the validators at {height} are not the header's")
    signed = set()
    for key, vote in zip(powers, commit["signatures"], strict=True):
        if vote["block_id_flag"] == 2:
            rounds = b"\x19" + commit["round"].to_bytes(8, "little") if commit["round"] else b""
            data = number(1, 2) + b"\x11" + int(height).to_bytes(8, "little") + rounds
            data += chunk(4, block_id(commit["block_id"])) + chunk(5, time_bytes(vote["timestamp"]), True)
            data += chunk(6, chain_id.encode())
            VerifyKey(key).verify(varint(len(data)) + data, base64.b64decode(vote["signature"]))
            signed.add(key)
    power = sum(powers[key] for key in signed)
    check(min(powers.values()) > 0 and 3 * power > 2 * sum(powers.values()), f"too few signed header {height}")
    return powers, signed


def above(op: Any, key: bytes, value: bytes) -> bytes:
    """The root of the tree in which a value stands under a key."""
    check(op["type"] == "simple:v" and bytes.fromhex(op["key"]) == key, "a path is of another key, or shows absence")
    path = fields(fields(bytes.fromhex(op["data"]))[2][0])
    (total,), (index,), aunts = path[1], path.get(2, [0]), path.get(4, [])
    node, sides = root([varint(len(key)) + key + varint(32) + sha256(value).digest()]), []
    check(index < total, "a path leads nowhere")
    while total > 1:
        split = 1 << (total - 1).bit_length() - 1
        sides.append(index >= split)
        index, total = (index - split, total - split) if index >= split else (index, split)
    for aunt, left in zip(aunts, reversed(sides), strict=True):
        node = sha256(b"\x01" + aunt + node).digest() if left else sha256(b"\x01" + node + aunt).digest()
    return node


def verify(file: Any, genesis: Any, trusted_hash: str) -> list[str]:
    """What a file proves, line by line. Raises for whatever does not hold."""
    kinds = {line.split()[0]: line.split()[1:] for line in KINDS.strip().splitlines()}
    check(file["format"] == "vdg-proof/1" and file["kind"] in kinds, "no receipt that this program knows")
    chain_id, blocks = file["chain_id"], [*file["trail"], file["block"]]
    if genesis:
        check(genesis["chain_id"] == chain_id, "the receipt is of another chain than the genesis document")
        trusted = members_of(genesis["validators"], "power")
    else:
        hashes = [header_hash(block["signed_header"]["header"]).hex() for block in blocks]
        check(trusted_hash in hashes, "no header of the file has the hash that is trusted")
        blocks = blocks[hashes.index(trusted_hash) :]
        trusted = members_of(blocks[0]["validators"], "voting_power")
    for block in blocks:
        powers, signed = verified_block(block, chain_id)
        vouching = sum(power for key, power in trusted.items() if key in signed)
        check(3 * vouching > sum(trusted.values()), "too few of the validators that are trusted signed")
        trusted = powers
    header = file["block"]["signed_header"]["header"]
    check(int(header["height"]) == int(file["height"]) + 1, "the header is not the one after the items' height")
    for item in file["items"]:
        key, (first, second, third) = bytes.fromhex(item["key"]), item["ops"]
        store_root = above(second, b"", above(first, key, bytes.fromhex(item["value"])))
        reached = above(third, item["store"].encode(), store_root)
        check(reached.hex() == header["app_hash"].lower(), "an item does not lead to the header's app hash")
    store, prefix, *names = kinds[file["kind"]]
    about, key = file["items"][0], bytes.fromhex(file["items"][0]["key"])
    check((about["store"], key[:1]) == (store, prefix.encode()), "the file proves something else than its kind says")
    values = fields(bytes.fromhex(about["value"]))
    lines = [f"chain {chain_id}, after block {file['height']}", f"kind {file['kind']}, key {key[1:]!r}"]
    vdg, slot = key[1:-29], int.from_bytes(key[-28:-20], "big")  # where the fields do not name them
    for field, name in enumerate(names, 1):
        (value,) = values.get(field, [b"" if name[0] in "#$" else 0])
        value = value.hex() if name[0] == "#" else value.decode() if name[0] == "$" else value
        vdg, slot = value.encode() if name == "$vdg" else vdg, value if name == "slot" else slot
        lines.append(f"  {name.lstrip('+$#')} {value >> 1 ^ -(value & 1) if name[0] == '+' else value}")
    of_grid, grid = file["items"][-1], fields(bytes.fromhex(file["items"][-1]["value"]))
    check((of_grid["store"], bytes.fromhex(of_grid["key"])) == ("grid", b"g" + vdg + b"/"), "the grid is another one")
    begins = datetime.fromtimestamp(grid[2][0] + slot * grid[3][0], UTC)
    lines.append(f"  slot {slot} begins at {begins} and lasts {grid[3][0]} s")
    if file["kind"] == "flow-proof":
        of_key, (proof_key,) = file["items"][1], fields(bytes.fromhex(file["items"][1]["value"]))[2]
        place = of_key["store"], bytes.fromhex(of_key["key"]), key[-20:]
        check(place == ("grid", b"k" + vdg + b"/" + proof_key, values[1][0]), "the flow is of another grid or account")
        statement = chunk(1, chain_id.encode()) + chunk(2, vdg) + number(3, slot) + chunk(4, values[1][0])
        statement += number(5, values.get(2, [0])[0]) + chunk(6, values[3][0])
        VerifyKey(proof_key).verify(b"vdg/flow-proof/v1" + statement, values[4][0])
        lines.append(f"  signed by a proof key of {vdg.decode()}: {proof_key.hex()}")
    return [*lines, f"signed by {len(signed)} of {len(powers)} validators, at {header['time']}"]


if __name__ == "__main__":
    try:
        check(len(sys.argv) == 3, "usage: verify_receipt.py receipt.json genesis.json (or a header's hash)")
        file, source = json.loads(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2])
        genesis = json.loads(source.read_bytes()) if source.is_file() else None
        print("PROVED:", *verify(file, genesis, sys.argv[2].lower()), sep="\n")
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, CryptoError) as error:
        sys.exit(f"NOT PROVED: {type(error).__name__}: {error}")
