"""``vdg rtc solve`` as its users meet it: a file in, text or JSON out, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from node.cli.main import app
from node.control_session.session_file import BatteryFields, HouseholdFields, PccFields, SessionFile
from tests.control.cases import File, session_file

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "rtc.json"
PAGE = ROOT / "docs" / "rtc.md"


def rtc_solve(*arguments: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["rtc", "solve", *map(str, arguments)], input=stdin, env={"COLUMNS": "100"})


def errors_of(file: File | str) -> dict[str, dict[str, str]]:
    """The faults told of a file, by field."""
    text = file if isinstance(file, str) else json.dumps(file)
    done = rtc_solve("-", "--json", stdin=text)
    assert done.exit_code == 2
    errors: list[dict[str, str]] = json.loads(done.stdout)["errors"]
    assert [line.startswith("standard input: ") for line in done.stderr.splitlines()] == [True] * len(errors)
    assert all(error["reason"] and error["way_out"] for error in errors)
    return {error["field"]: error for error in errors}


@pytest.mark.parametrize("law", ["secant", "thesis"])
def test_json_has_the_signals_the_flows_and_what_they_add_up_to(law: str) -> None:
    file = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    done = rtc_solve(EXAMPLE, "--json", "--law", law)
    assert (done.exit_code, done.stderr) == (0, "")
    record: dict[str, Any] = json.loads(done.stdout)
    assert (record["status"], record["unattainable"]) == ("converged", [])
    assert record["residual"] <= file["tolerance"]
    assert list(record["flow_wh"]) == [home["id"] for home in file["households"]]
    for pcc in file["pcc"]:
        assert len(record["signal"][pcc["id"]]) == record["iterations"]
        flows = [record["flow_wh"][home["id"]] for home in file["households"] if home["pcc"] == pcc["id"]]
        assert record["aggregate_wh"][pcc["id"]] == pytest.approx(sum(flows))
        assert record["aggregate_wh"][pcc["id"]] >= pcc["min_wh"] - file["tolerance"]


def test_the_page_shows_what_the_example_prints_and_names_every_field() -> None:
    page = PAGE.read_text(encoding="utf-8")
    _, *lines = re.findall(r"```console\n(.*?)```", page, re.DOTALL)[0].splitlines()
    printed = [line.rstrip() for line in rtc_solve(EXAMPLE).stdout.splitlines() if line.strip()]
    assert printed == [line.rstrip() for line in lines if line.strip()]
    for fields in (SessionFile, PccFields, HouseholdFields, BatteryFields):
        for name in fields.model_fields:
            assert f"`{name}`" in page, name


def test_an_unattainable_constraint_is_an_answer_not_a_failure() -> None:
    file = session_file(1)
    file["pcc"][0] = {"id": "a", "max_wh": -1e6}
    done = rtc_solve("-", stdin=json.dumps(file))
    assert done.exit_code == 0
    assert "unattainable at a: the closest that its homes can reach is" in done.stdout


def test_all_faults_of_a_file_are_told_at_once() -> None:
    file = session_file(1, households=6)
    file["pcc"][0] |= {"min_wh": 5, "max_wh": 4}
    file["pcc"].append({"id": "a"})
    homes = file["households"]
    homes[0] |= {"id": "h1", "pcc": "nowhere"}
    homes[1] |= {"feed_in_tariff_neur_per_wh": 500_000, "net_load_wh": -100}
    homes[2] |= {"battery": None, "planned_battery_wh": 7}
    homes[3] |= {"battery": {"min_wh": 2, "max_wh": 1, "cost_quadratic": 1, "cost_linear": 0}}
    homes[4] |= {"net_load_wh": "100", "max_grid_wh": -1, "colour": "red"}
    del homes[5]["committed_wh"]
    file |= {"tolerance": 0, "max_iterations": 1.5}
    assert set(errors_of(file)) == {
        "pcc[0].min_wh",
        "pcc[3].id",
        "households[0].pcc",
        "households[1].id",
        "households[1].feed_in_tariff_neur_per_wh",
        "households[2].planned_battery_wh",
        "households[3].battery.min_wh",
        "households[4].net_load_wh",
        "households[4].max_grid_wh",
        "households[4].colour",
        "households[5].committed_wh",
        "tolerance",
        "max_iterations",
    }


def test_a_home_whose_limits_exclude_each_other_or_whose_best_flow_is_not_unique_is_refused() -> None:
    file = session_file(1, households=2)
    flat = {"min_wh": -1, "max_wh": 1, "cost_quadratic": 0, "cost_linear": 0}
    file["households"][0] |= {"net_load_wh": 900, "battery": flat, "reward_quadratic": 1, "max_grid_wh": 100}
    file["households"][1] |= {"net_load_wh": 0, "battery": flat, "reward_quadratic": 0}
    for too_little in (1e-310, 1e-7):
        file["households"][1]["reward_quadratic"] = too_little
        assert "households[1].battery.cost_quadratic" in errors_of(file)
    file["households"][1]["reward_quadratic"] = 0
    errors = errors_of(file)
    assert "899 to 901 Wh" in errors["households[0].max_grid_wh"]["reason"]
    assert set(errors) == {"households[0].max_grid_wh", "households[1].battery.cost_quadratic"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "is no JSON object"),
        ('{"pcc": [], "pcc": [], "households": []}', "stands there twice"),
        ('{"pcc": [], "households": 3}', "is no array"),
        ('{"pcc": [], "households": [], "tolerance": NaN}', "is not a finite number"),
        ('{"pcc": [], "households": [], "max_iterations": ' + "9" * 5000 + "}", "is no whole number"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_no_session_is_refused(text: str, reason: str) -> None:
    assert any(reason in error["reason"] for error in errors_of(text).values())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = rtc_solve(tmp_path / "none.json")
    assert done.exit_code == 2
    assert "can't be read" in done.stderr
