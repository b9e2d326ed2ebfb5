"""Proof files and receipts: exported by the command, checked by the command and by a program that shares no code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from nacl.exceptions import CryptoError
from typer.testing import CliRunner

from node.cli.main import app
from tests.app.world import EPOCH_S, SLOT_SECONDS, VDG
from tests.proofs.checking import checked, program
from tests.proofs.command import VERIFIER, vdg, verify_receipt
from tests.proofs.setting import ANN, BALANCE, RECEIPTS, SCHEMA, Setting, exported
from wire.codec import encode
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.ledger import Balance
from wire.light.hashing import header_hash
from wire.unverified import Unverified


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda receipt: receipt[0])
async def test_a_receipt_is_checked_by_the_command_and_by_a_program_of_its_own(
    setting: Setting, tmp_path: Path, receipt: tuple[str, ...]
) -> None:
    out = tmp_path / "receipt.json"
    file = await exported(setting, receipt, out)
    jsonschema.validate(file, SCHEMA)
    ours = await vdg("proof", "check", out, "--genesis", setting.genesis)
    assert ours.code == 0, ours.err
    assert "Signed by 4 of 4 validators with 40 of 40 voting power" in ours.out
    theirs = await verify_receipt(out, setting.genesis)
    assert theirs.code == 0, theirs.err
    data = (await vdg("proof", "check", out, "--genesis", setting.genesis, "--json")).data
    for name, value in data["items"][0]["value"].items():
        assert f"  {name} {value}\n" in theirs.out
    # When the slot was is proved too: a receipt is of no use to a court that knows its number alone.
    slot = data["slot"]
    assert slot["begins_s"] == EPOCH_S + slot["slot"] * SLOT_SECONDS
    begins = datetime.fromtimestamp(slot["begins_s"], UTC)
    assert f"  Slot {slot['slot']} of {VDG} is from {begins:%Y-%m-%d %H:%M:%S} UTC to " in ours.out
    assert f"  slot {slot['slot']} begins at {begins} and lasts {SLOT_SECONDS} s\n" in theirs.out
    by_hash = await verify_receipt(out, data["header"]["hash"])
    assert by_hash.code == 0, by_hash.err


def test_the_program_is_short_and_shares_no_code_with_the_project() -> None:
    text = VERIFIER.read_text()
    assert len(text.splitlines()) < 200
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert imported == {"base64", "datetime", "hashlib", "json", "nacl", "pathlib", "sys", "typing"}


def _items(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda file: change(file["items"][0])


def _digit(text: str, position: int) -> str:
    """The text with one hexadecimal digit changed."""
    digit = "0" if text[position] != "0" else "1"
    return text[:position] + digit + text[position:][1:]


def _change(op: dict[str, str]) -> None:
    """Another aunt in a path."""
    op["data"] = op["data"][:-1] + ("0" if op["data"][-1] != "0" else "1")


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another flow": (_items(lambda i: i.update(value=_digit(i["value"], 46))), "FORGED_VALUE"),
    "another account": (_items(lambda i: i.update(key=_digit(i["key"], len(i["key"]) - 1))), "WRONG_KEY"),
    "no path": (_items(lambda i: i.update(ops=[])), "MISSING_PROOF"),
    "a path with a digit changed": (
        _items(lambda i: i["ops"][1].update(data=_digit(i["ops"][1]["data"], 100))),
        "FORGED_PROOF",
    ),
    "absence": (_items(lambda i: i.update(value=None)), "FORGED_VALUE"),
    "another height": (lambda f: f.update(height=str(int(f["height"]) + 1)), "WRONG_HEIGHT"),
    "another chain": (lambda f: f.update(chain_id="other"), "WRONG_CHAIN"),
    "another time": (
        lambda f: f["block"]["signed_header"]["header"].update(time="2030-01-01T00:00:00Z"),
        "FORGED_HEADER",
    ),
    "another app hash": (lambda f: f["block"]["signed_header"]["header"].update(app_hash="00" * 32), "FORGED_HEADER"),
    "a signature gone": (lambda f: f["block"]["signed_header"]["commit"]["signatures"].pop(), "FORGED_VALIDATORS"),
    "a validator gone": (lambda f: f["block"]["validators"].pop(), "FORGED_VALIDATORS"),
    "a power changed": (lambda f: f["block"]["validators"][0].update(voting_power="11"), "FORGED_VALIDATORS"),
    "a signature of another": (
        lambda f: f["block"]["signed_header"]["commit"]["signatures"][0].update(
            signature=f["block"]["signed_header"]["commit"]["signatures"][1]["signature"]
        ),
        "BAD_SIGNATURE",
    ),
    "another kind": (lambda f: f.update(kind="certificate"), "MALFORMED"),
    "without its key": (lambda f: f["items"].pop(1), "MALFORMED"),
    "without its grid": (lambda f: f["items"].pop(), "MALFORMED"),
    "no items": (lambda f: f.update(items=[]), "OVERSIZED"),
    "no format": (lambda f: f.pop("format"), "MALFORMED"),
    "no block": (lambda f: f.update(block={}), "MALFORMED"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_receipt_is_refused_by_both(a_receipt: tuple[dict[str, Any], Path], name: str) -> None:
    original, genesis = a_receipt
    change, reason = FORGERIES[name]
    file = json.loads(json.dumps(original))
    change(file)
    with pytest.raises(Unverified) as refused:
        checked(json.dumps(file).encode(), genesis)
    assert refused.value.reason.name == reason, refused.value.message
    with pytest.raises((ValueError, LookupError, TypeError, CryptoError)):
        program().verify(file, json.loads(genesis.read_bytes()), "")


async def test_both_say_of_a_forged_receipt_that_it_is_not_proved(
    a_receipt: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    file, genesis = json.loads(json.dumps(a_receipt[0])), a_receipt[1]
    _change(file["items"][0]["ops"][1])
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(file))
    ours = await vdg("proof", "check", path, "--genesis", genesis)
    assert (ours.code, ours.out) == (5, "")
    assert "FORGED_PROOF" in ours.err
    theirs = await verify_receipt(path, genesis)
    assert (theirs.code, theirs.out) == (1, "")
    assert "NOT PROVED" in theirs.err


async def test_a_proof_of_an_item_is_written_and_checked_from_a_header_too(setting: Setting, tmp_path: Path) -> None:
    out, gateway, chain = tmp_path / "proof.json", setting.gateway.address, setting.gateway.chain
    known = (await chain.light_block(chain.height - 4)).header
    trust = ("--trust-height", str(known.height), "--trust-hash", header_hash(known).hex())
    done = await vdg(*BALANCE, "--prove", "--out", out, *trust, "--json", gateway=gateway)
    assert done.code == 0, done.err
    jsonschema.validate(json.loads(out.read_text()), SCHEMA)
    for options in (trust, ("--genesis", str(setting.genesis))):
        checked = await vdg("proof", "check", out, *options)
        assert checked.code == 0, checked.err
        assert f"Account {ANN} has " in checked.out
        assert f"after block {done.data['height']}" in checked.out
    wrong = await vdg("proof", "check", out, *trust[:3], "00" * 32)
    assert (wrong.code, "TRUST_MISMATCH" in wrong.err) == (5, True)
    unknown = await vdg("proof", "check", out, "--trust-height", "1", "--trust-hash", "00" * 32)
    assert (unknown.code, "BEFORE_TRUST" in unknown.err) == (5, True)
    old = await vdg("proof", "check", out, "--genesis", setting.genesis, "--trusting-period-hours", "1")
    assert old.code == 0


def test_a_file_is_checked_after_any_time_unless_an_end_is_asked_for(
    a_receipt: tuple[dict[str, Any], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, genesis = a_receipt
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(file))
    known = file["block"]["signed_header"]["commit"]
    trusting = (
        ("--genesis", str(genesis)),
        ("--trust-height", known["height"], "--trust-hash", known["block_id"]["hash"]),
    )
    forty_years_on_ns = time.time_ns() + 40 * 365 * 24 * 3600 * 10**9
    monkeypatch.setattr("node.cli.proof.time.time_ns", lambda: forty_years_on_ns)
    for trust in trusting:
        done = CliRunner().invoke(app, ["proof", "check", str(path), *trust])
        assert done.exit_code == 0, done.exception
        assert "Proved: a flow-proof receipt" in done.output
    ended = CliRunner().invoke(app, ["proof", "check", str(path), *trusting[0], "--trusting-period-hours", "9000"])
    assert isinstance(ended.exception, Unverified)
    assert ended.exception.reason.name == "TRUST_EXPIRED"


async def test_absence_is_written_and_checked(setting: Setting, tmp_path: Path) -> None:
    out = tmp_path / "proof.json"
    query = ("query", "settlement", "household", "--vdg", VDG, "--slot", "13", "--account", ANN)
    done = await vdg(*query, "--prove", "--out", out, "--genesis", setting.genesis, gateway=setting.gateway.address)
    assert done.code == 0, done.err
    checked = await vdg("proof", "check", out, "--genesis", setting.genesis)
    assert f"There is no HouseholdSettlement of vdg {VDG}, slot 13, account {ANN}." in checked.out


async def test_a_verified_query_prints_what_the_plain_one_does(setting: Setting) -> None:
    gateway = setting.gateway.address
    plain = await vdg(*BALANCE, "--json", gateway=gateway)
    verified = await vdg(*BALANCE, "--json", "--verify", "--genesis", setting.genesis, gateway=gateway)
    assert (plain.code, verified.code) == (0, 0), verified.err
    assert plain.data == verified.data


async def test_a_lie_ends_a_verified_query_with_its_reason_and_no_answer(setting: Setting, tmp_path: Path) -> None:
    def lie(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
        answer.value = encode(Balance(10**15, 0))
        return answer

    setting.gateway.item = lie
    trust = ("--genesis", setting.genesis)
    done = await vdg(*BALANCE, "--json", "--verify", *trust, gateway=setting.gateway.address)
    assert (done.code, done.out) == (5, "")
    assert "FORGED_VALUE" in done.err
    out = tmp_path / "proof.json"
    done = await vdg(*BALANCE, "--prove", "--out", out, *trust, gateway=setting.gateway.address)
    assert (done.code, out.exists()) == (5, False)


async def test_a_query_that_can_t_be_verified_says_what_can_be_proved_all_the_same(setting: Setting) -> None:
    query, trust = ("query", "ledger", "supply", "--verify"), ("--genesis", setting.genesis)
    done = await vdg(*query, *trust, gateway=setting.gateway.address)
    assert (done.code, done.out) == (5, "")
    assert done.err.startswith("vdg: UNPROVABLE: GetSupply can't be verified as a whole; these can: Get")
    assert done.err.endswith("; any single item can be proved by its key (`vdg proof item`, docs/proofs.md)\n")


async def test_no_receipt_is_written_of_what_is_not_there(setting: Setting, tmp_path: Path) -> None:
    out = tmp_path / "receipt.json"
    absent = ("certificate", "--certificate-id", "none")
    done = await vdg("receipt", *absent, "--genesis", setting.genesis, "--out", out, gateway=setting.gateway.address)
    assert done.code == 1
    assert "There is no Certificate of certificate_id none. That is proved" in done.err
    assert not out.exists()


async def test_prove_and_out_go_together(tmp_path: Path) -> None:
    for options in (("--prove",), ("--out", str(tmp_path / "x"))):
        done = await vdg(*BALANCE, *options)
        assert done.code == 2
        assert "--prove, --out: give both" in done.err
