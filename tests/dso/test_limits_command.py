"""`vdg dso limits`: what a slot's plan does to a network, with reasons, and files with errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from clients.common.grid.grid import Grid
from clients.common.grid.limits import Limits, used
from clients.common.grid.shipped import load
from clients.dso.control.constraint import SlotView
from clients.dso.control.settings import ControlSettings
from clients.dso.monitor.grid_monitor import GridMonitor
from node.cli.main import app

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "examples" / "limits.json"
HOME: dict[str, Any] = {"home": "f01load00001", "flow_wh": 10}
CASE: dict[str, Any] = {"network": "thesis-33", "homes": [HOME], "vdgs": []}


def run(*arguments: str, stdin: str = "") -> Any:
    return CliRunner().invoke(app, ["dso", "limits", *arguments], input=stdin)


def test_an_overloaded_slot_has_its_reason_limits_of_each_pcc_and_the_cap_that_is_enough() -> None:
    done = run(str(SAMPLE), "--json")
    assert done.exit_code == 0
    printed = json.loads(done.stdout)
    assert printed["control"].startswith("transformer at transformer00001: ")
    assert len(printed["pcc"]) == 6
    assert sum(pcc["homes"] for pcc in printed["pcc"]) == 33
    for pcc in printed["pcc"]:
        assert pcc["alone"]["min_wh"] <= pcc["together"]["min_wh"] < pcc["together"]["max_wh"] <= pcc["alone"]["max_wh"]
        assert pcc["together"]["min_reason"]
    assert set(printed["caps"]) == {"lilas"}
    cap = printed["caps"]["lilas"]
    assert cap["import_cap_wh"] is None
    assert cap["reason"]
    case = json.loads(SAMPLE.read_text())
    capped = {
        one["home"]: max(one["flow_wh"], -cap["export_cap_wh"] if one["vdg"] == "lilas" else -(10**6))
        for one in case["homes"]
    }
    network = load("thesis-33")
    p_w = np.array([[6 * capped[home.id] for home in network.homes]])
    assert used(Grid(network).solve(p_w), Limits())[0] < 1


def test_the_text_says_the_same_in_words() -> None:
    done = run(str(SAMPLE))
    assert done.exit_code == 0
    assert "control starts: transformer" in done.stdout
    assert "lilas: import free, export at most" in done.stdout
    quiet = run("-", stdin=json.dumps(CASE))
    assert "no limit is near" in quiet.stdout
    assert "no VDG needs a cap" in quiet.stdout


def test_the_command_says_of_a_plan_what_the_daemon_does_by_default() -> None:
    case = json.loads(SAMPLE.read_text())
    for each in case["homes"]:
        each["flow_wh"] = round(0.55 * each["flow_wh"])
    done = run("-", "--json", stdin=json.dumps(case))
    assert done.exit_code == 0
    printed = json.loads(done.stdout)
    settings = ControlSettings.model_validate(
        {"network": "thesis-33", "homes_csv": str(SAMPLE)}, context={"folder": ROOT}
    )
    monitor = GridMonitor(load(settings.network), settings.watch.limits, settings.keep.limits)
    committed_wh = {each["home"]: each["flow_wh"] for each in case["homes"]}
    demand = monitor.demand(SlotView(7, committed_wh, {}, None, {}))
    assert demand is not None
    assert demand.why.startswith("transformer at transformer00001: 8")
    assert demand.why.endswith(" where 70 % is allowed")
    assert printed["control"] == demand.why
    told = [(limit.pcc, limit.min_wh, limit.min_reason) for limit in demand.limits if limit.has_min]
    assert told == [(pcc["id"], pcc["together"]["min_wh"], pcc["together"]["min_reason"]) for pcc in printed["pcc"]]
    # What control is for needs no cap.
    assert not printed["caps"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"network": "no-such"}, "network 'no-such' name is no shipped network and no file"),
        ({"homes": [HOME, HOME]}, "'f01load00001' stands there twice"),
        ({"homes": [HOME | {"home": "x"}]}, "homes[0].home 'x' is no home of the network"),
        ({"homes": [HOME | {"vdg": "lilas"}]}, "homes[0].vdg 'lilas' is none of vdgs"),
        ({"homes": [HOME | {"flow_wh": 10**7}]}, "homes[0].flow_wh"),
        ({"homes": [HOME | {"phase": "n"}]}, "homes[0].phase 'n'"),
        ({"vdgs": [{"vdg": "lilas", "priority": -1}]}, "vdgs[0].priority -1"),
        ({"limit": 3}, "limit 3"),
    ],
)
def test_a_file_with_errors_is_refused_with_field_and_way_out(changes: dict[str, Any], named: str) -> None:
    refused = run("-", "--json", stdin=json.dumps(CASE | changes))
    assert refused.exit_code == 2
    errors = json.loads(refused.stdout)["errors"]
    told = [" ".join(filter(None, (error["field"], error["value"], error["reason"]))) for error in errors]
    assert any(named in line for line in told), told
    assert all(error["way_out"] for error in errors)
