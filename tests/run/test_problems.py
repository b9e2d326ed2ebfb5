"""What should not be is a problem in the report, however it was seen."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from node.cometbft.rpc import RpcClient
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import Application
from node.localnet.ports import free_ports
from node.run.assembly import Observed, assemble
from node.run.observer import compare_app_hashes
from node.run.page import render
from node.run.schema import schema_text
from tests.run.samples import observed
from wire.chain import DueFailed, DueItem, Moment
from wire.flowproof import Equivocation, EquivocationRecorded, FlowProof
from wire.results import Code


@pytest.fixture
def seen(tmp_path: Path) -> Observed:
    (tmp_path / "emulator.log").write_text("")
    return observed(tmp_path)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vdg") as short:
        yield Path(short).resolve()


def test_due_work_that_failed_is_listed_and_told_by_kind_with_its_first_reason(seen: Observed) -> None:
    for slot in (7, 8):
        due = DueItem(Moment.MOMENT_SLOT_DEADLINE, 1_000 + slot, b"key")
        seen.log.add_event(DueFailed(due, int(Code.INSUFFICIENT_FUNDS), f"slot = {slot}: too little"), 0.0)
    seen.log.add_event(DueFailed(DueItem(Moment.MOMENT_GATE, 9), int(Code.UNKNOWN_PRODUCT), "product = x"), 0.0)
    report = assemble(seen)
    jsonschema.validate(json.loads(report.model_dump_json()), json.loads(schema_text()))
    assert [(one.work, one.due_s, one.code) for one in report.due_failed] == [
        ("slot_deadline", 1_007, "INSUFFICIENT_FUNDS"),
        ("slot_deadline", 1_008, "INSUFFICIENT_FUNDS"),
        ("gate", 9, "UNKNOWN_PRODUCT"),
    ]
    assert report.problems == [
        "due work (slot_deadline) failed 2 times, first by INSUFFICIENT_FUNDS: slot = 7: too little",
        "due work (gate) failed 1 times, first by UNKNOWN_PRODUCT: product = x",
    ]
    assert "failed 2 times" in render(report, [], [], [])


def test_two_signed_values_for_one_slot_and_account_are_listed_and_told(seen: Observed) -> None:
    home, account = seen.homes[1]
    evidence = Equivocation(
        "v", seen.timing.from_slot, FlowProof(account, 200), FlowProof(account, -5), b"k" * 32, height=8
    )
    seen.log.add_event(EquivocationRecorded(evidence), 0.0)
    report = assemble(seen)
    jsonschema.validate(json.loads(report.model_dump_json()), json.loads(schema_text()))
    assert [one.model_dump() for one in report.equivocations] == [
        {"slot": 72, "home": home.id, "first_wh": 200, "second_wh": -5, "height": 8}
    ]
    assert report.problems == [f"the proof key signed two values for slot 72 of {home.id}: 200 and -5 Wh"]


def test_heights_at_which_app_hashes_were_not_compared_are_a_problem(seen: Observed) -> None:
    assert assemble(seen._replace(app_hashes=(9, 0))).problems == ["app hashes were compared at 9 of 10 heights only"]


@pytest.mark.network
@pytest.mark.timeout(120)
async def test_app_hashes_are_waited_for_and_counted_only_where_every_validator_has_answered(folder: Path) -> None:
    net = Localnet.create(
        folder / "net",
        chain_id="compared",
        validators=2,
        application=Application.of_cometbft("kvstore"),
        settings=Settings(timeout_commit_ms=50, create_empty_blocks_interval_ms=100),
    )
    net.write_genesis({})
    async with net:
        await net.up()
        clients = [net.rpc(0), net.rpc(1)]
        ahead = (await clients[0].status()).height + 3
        assert await compare_app_hashes(clients, ahead) == (ahead, 0)
        (port,) = free_ports(1)
        async with RpcClient(f"http://127.0.0.1:{port}") as nobody:
            assert await compare_app_hashes([*clients, nobody], ahead, patience_s=0.3) == (0, 0)
