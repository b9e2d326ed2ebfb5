"""The commands of `vdg tx` and `vdg query`, as they are made from the wire types. Needs no chain."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from node.cli import query, tx
from node.cli.exits import CommandError, Exit
from node.cli.options import message_from
from node.messages.names import NoNames
from node.messages.schema import QUERIES, TRANSACTIONS, fields_of, module_of
from wire.asset import Asset, AssetKind, RegisterAsset
from wire.flowproof import FlowProof, SubmitProofs
from wire.governance import Change, Propose, SetPower
from wire.market import PlaceOrder

RUNNER = CliRunner(env={"COLUMNS": "300", "TERM": "dumb", "NO_COLOR": "1"})


@pytest.mark.parametrize("name", [name for name in TRANSACTIONS if name not in ("rotate_key", "propose")])
def test_every_message_has_a_command_with_its_fields(name: str) -> None:
    cls = TRANSACTIONS[name]
    shown = RUNNER.invoke(tx.app, [module_of(cls), name.replace("_", "-"), "--help"])
    assert shown.exit_code == 0, shown.output
    for field in fields_of(cls):
        nested = field.spec.kind == "message" and not field.spec.repeated
        for one in fields_of(field.spec.type) if nested else (field,):
            assert f"--{one.name.replace('_', '-')} " in shown.output


@pytest.mark.parametrize("name", Change._fields)
def test_every_change_that_can_be_proposed_has_a_command_with_its_fields(name: str) -> None:
    shown = RUNNER.invoke(tx.app, ["governance", "propose", name.replace("_", "-"), "--help"])
    assert shown.exit_code == 0, shown.output
    chosen = next(field for field in fields_of(Change) if field.name == name)
    for field in (*fields_of(chosen.spec.type), *fields_of(Propose)[1:]):
        assert f"--{field.name.replace('_', '-')} " in shown.output


def test_the_options_of_a_change_make_a_proposal_of_it() -> None:
    chosen = next(field for field in fields_of(Change) if field.name == "set_power")
    given = {"public_key": "ab" * 32, "power": 7, "reason": "it has a better line"}
    message = message_from(Propose, given, NoNames(), chosen)
    assert message == Propose(Change(set_power=SetPower(b"\xab" * 32, 7)), "it has a better line")


@pytest.mark.parametrize("name", list(QUERIES))
def test_every_query_has_a_command_with_its_fields(name: str) -> None:
    asked = QUERIES[name]
    shown = RUNNER.invoke(query.app, [asked.module, asked.command, "--help"])
    assert shown.exit_code == 0, shown.output
    for field in fields_of(asked.request):
        assert f"--{field.name.replace('_', '-')} " in shown.output


def test_options_of_a_nested_message_make_that_message() -> None:
    given = {"asset_id": "pv-1", "vdg": "lilas", "owner": "ab" * 20, "kind": AssetKindText("pv"), "power_w": 3000}
    message = message_from(RegisterAsset, given, NoNames())
    assert message == RegisterAsset(Asset("pv-1", "lilas", b"\xab" * 20, AssetKind.ASSET_KIND_PV, 3000))


class AssetKindText:
    """What typer gives for a choice."""

    def __init__(self, value: str) -> None:
        self.value = value


def test_messages_in_a_list_are_given_as_json() -> None:
    proof = f'{{"account": "{"ab" * 20}", "flow_wh": -5, "meter": "m", "signature": "00"}}'
    message = message_from(SubmitProofs, {"vdg": "lilas", "slot": 3, "proofs": [proof]}, NoNames())
    assert message == SubmitProofs("lilas", 3, (FlowProof(b"\xab" * 20, -5, "m", b"\x00"),))


def test_all_wrong_options_are_named_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        message_from(PlaceOrder, {"slot": -1, "energy_wh": 1 << 64}, NoNames())
    assert caught.value.code == Exit.BAD_INPUT
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "--slot -1",
        "--energy-wh 18446744073709551616",
    ]
    with pytest.raises(CommandError, match="is not JSON"):
        message_from(SubmitProofs, {"proofs": ["{"]}, NoNames())


def test_without_a_passphrase_and_a_terminal_the_way_out_is_told() -> None:
    ended = RUNNER.invoke(
        tx.app, ["ledger", "burn", "--amount-neur", "1", "--key", "nobody"], env={"VDG_PASSPHRASE": ""}
    )
    assert isinstance(ended.exception, CommandError)
    assert "set VDG_PASSPHRASE" in str(ended.exception)
