"""`vdg scenario run` as users run it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.scenario.runs import ROOT, vdg

FIRST_TRADE = "docs/scenarios/first-trade.yaml"


def test_a_scenario_that_holds_ends_with_0_and_says_so() -> None:
    done = vdg("scenario", "run", FIRST_TRADE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("A first trade\n")
    assert "emil: declare_availability  vdg=lilas first_slot=75 energy_wh=[400]\n    0 OK" in done.stdout
    assert done.stdout.endswith("\nall expectations hold\n")


def test_a_failed_expectation_ends_with_1_and_the_difference(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("blocks:\n  - expect: {balances: {dso: 1}}\n", encoding="utf-8")
    done = vdg("scenario", "run", str(file))
    assert done.returncode == 1
    expected = (
        f"{file}:2: query get_balance holder=dso\n    balance.free_neur\n"
        "      expected 1\n      got      10000000000000\n1 expectation does not hold\n"
    )
    assert done.stdout.endswith(expected)


def test_a_malformed_file_ends_with_2_and_all_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "faulty.yaml"
    file.write_text("titel: x\nblocks: []\n", encoding="utf-8")
    done = vdg("scenario", "run", str(file), "--json")
    assert done.returncode == 2
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [f"{file}:1", f"{file}:2"]
    assert [error["field"] for error in json.loads(done.stdout)["errors"]] == ["titel", "blocks"]


def test_a_file_that_is_not_there_or_no_text_ends_with_2(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, reason in ((tmp_path / "none.yaml", "cannot be read"), (binary, "not UTF-8")):
        done = vdg("scenario", "run", str(path))
        assert done.returncode == 2
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_json_has_everything_that_the_text_has() -> None:
    done = vdg("scenario", "run", FIRST_TRADE, "--json")
    data = json.loads(done.stdout)
    assert data["passed"] is True
    assert data["failures"] == []
    assert data["app_hash"] == data["blocks"][-1]["app_hash"]
    block = data["blocks"][1]
    assert (block["height"], block["time_s"]) == (2, 1_750_500_010)
    order = block["transactions"][0]
    assert (order["sender"], order["name"], order["code"], order["code_name"]) == ("anna", "place_order", 0, "OK")
    assert order["events"][0]["name"] == "order_placed"
    assert block["queries"][0]["response"]["orders"] == 6
    assert block["minted_neur"] == block["held_neur"]


def test_the_output_is_the_same_bytes_under_any_hash_seed() -> None:
    file = "docs/scenarios/refusals.yaml"
    for options in ((), ("--json",)):
        outputs = {vdg("scenario", "run", file, *options, hash_seed=seed).stdout for seed in ("0", "1", "4711")}
        assert len(outputs) == 1
        assert str(ROOT) not in outputs.pop()
