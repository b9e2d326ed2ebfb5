"""Files that can't be proofs, and trust that can't begin: refused by name, with the place and the way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nacl.exceptions import CryptoError

from tests.proofs.checking import checked, program
from tests.proofs.command import VERIFIER, vdg
from wire.proof_file import MAX_ITEMS, parse_proof_file
from wire.unverified import Unverified


def _item(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda file: change(file["items"][0])


UNFIT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a member gone": (_item(lambda i: i.pop("ops")), "items[0].ops is missing"),
    "no list": (lambda f: f.update(items=5), "items is 5, not a list"),
    "no object": (
        lambda f: f["block"].update(signed_header=[]),
        "block.signed_header is a list, not an object with header, commit",
    ),
    "no hexadecimal": (
        _item(lambda i: i.update(key="zz")),
        "items[0].key is 'zz', not hexadecimal digits, two a byte",
    ),
    "an endless height": (lambda f: f.update(height=float("inf")), "height is inf, not a whole number"),
    "no height": (lambda f: f.update(height="0"), "height is 0, not 1 to 4611686018427387903"),
    "half a character": (_item(lambda i: i.update(store="\ud800")), "items[0].store is '\\ud800', not text"),
    "a power that is none": (
        lambda f: f["block"]["validators"][1].update(voting_power=True),
        "block.validators[1].voting_power is True, not a whole number",
    ),
    "no such day": (
        lambda f: f["block"]["signed_header"]["header"].update(time="2026-13-01T00:00:00Z"),
        "month must be in 1..12",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_unfit_in_a_proof_file_is_named_with_its_place(
    a_receipt: tuple[dict[str, Any], Path], name: str
) -> None:
    original, genesis = a_receipt
    change, says = UNFIT[name]
    file = json.loads(json.dumps(original))
    change(file)
    with pytest.raises(Unverified) as refused:
        checked(json.dumps(file).encode(), genesis)
    assert refused.value.reason.name == "MALFORMED"
    assert says in refused.value.message
    with pytest.raises((ValueError, LookupError, TypeError, ArithmeticError, AttributeError, CryptoError)):
        program().verify(file, json.loads(genesis.read_bytes()), "")


def test_a_cut_file_says_where_it_ends_and_the_way_out(a_receipt: tuple[dict[str, Any], Path]) -> None:
    with pytest.raises(Unverified, match=r"it is not JSON: .* in line 3, .*; it was cut or changed: have it exported"):
        parse_proof_file(json.dumps(a_receipt[0], indent=1).encode()[:50])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "MALFORMED"),
        (b"[]", "MALFORMED"),
        (b"\xff\xfe", "MALFORMED"),
        (b'{"format": "vdg-proof/2"}', "MALFORMED"),
        (b"[" * 200_000, "MALFORMED"),
        (b'{"format": "vdg-proof/1", "height": "1", "height": "2"}', "MALFORMED"),
        (b'{"format": "vdg-proof/1", "height": "1", "items": ' + b"[" + b"{}," * MAX_ITEMS + b"{}]}", "OVERSIZED"),
        (b" " * (16 * 1024 * 1024 + 1), "OVERSIZED"),
    ],
    ids=["empty", "list", "no text", "another format", "deep", "twice", "many items", "large"],
)
def test_what_is_no_proof_file_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Unverified) as refused:
        parse_proof_file(content)
    assert refused.value.reason.name == reason


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "give --genesis FILE, or --trust-height and --trust-hash"),
        (("--trust-height", "3"), "--trust-height, --trust-hash: give both, of one header"),
        (("--trust-height", "3", "--trust-hash", "xyz"), "--trust-hash = 'xyz': give 64 hexadecimal digits"),
        (("--genesis", "/nowhere/genesis.json"), "can't be read"),
        (("--genesis", str(VERIFIER)), "is not JSON"),
    ],
)
async def test_without_a_beginning_nothing_is_checked(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    path = tmp_path / "proof.json"
    path.write_text("{}")
    done = await vdg("proof", "check", path, *options)
    assert done.code == 2
    assert says in done.err


async def test_a_file_that_is_not_there_is_bad_input(a_receipt: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    done = await vdg("proof", "check", tmp_path / "none.json", "--genesis", a_receipt[1])
    assert done.code == 2
    assert "can't be read" in done.err
