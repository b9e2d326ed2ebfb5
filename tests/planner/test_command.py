"""``vdg home plan`` as its users meet it: a file in, text or JSON out, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from node.cli.main import app
from tests.planner.cases import File, battery, plain
from tests.planner.reference import least_cost


class Done(NamedTuple):
    """How the command ended."""

    returncode: int
    stdout: str
    stderr: str


def home_plan(*arguments: str | Path, stdin: str = "") -> Done:
    """The finished command, in this process."""
    result = CliRunner().invoke(app, ["home", "plan", *map(str, arguments)], input=stdin, env={"COLUMNS": "100"})
    return Done(result.exit_code, result.stdout, result.stderr)


def written(tmp_path: Path, file: File) -> Path:
    path = tmp_path / "home.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    return path


def json_of(path: Path) -> dict[str, Any]:
    done = home_plan(path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def test_json_has_status_cost_and_flows_that_balance(tmp_path: Path) -> None:
    file = plain()
    record = json_of(written(tmp_path, file))
    assert record["status"] == "optimal"
    assert record["cost_neur"] == pytest.approx(least_cost(file), rel=1e-6)
    assert record["relaxations"] == record["conflict"] == []
    energy = file["battery"]["energy_wh"]
    for slot, load_wh in enumerate(file["load_wh"]):
        bought = record["buy_wh"][slot] - record["sell_wh"][slot]
        assert load_wh - file["pv_wh"][slot] == pytest.approx(bought + record["battery_wh"][slot])
        # Energy is what is stored after the slot; positive flows discharge.
        energy -= record["battery_wh"][slot]
        assert record["energy_wh"][slot] == pytest.approx(energy)


def test_devices_come_out_one_by_one(tmp_path: Path) -> None:
    heat = {
        "temperature_c": 20,
        "heat_capacity_wh_per_k": 1000,
        "power_w": 2000,
        "min_c": 20,
        "max_c": 22,
        "name": "tank",
    }
    file = plain(
        battery=None,
        batteries=[battery(name="old"), battery(name="new")],
        cars=[{"needed_wh": 1000, "power_w": 2000, "departure_slot": 3}],
        heat_stores=[heat],
        appliances=[{"profile_wh": [800], "earliest_slot": 1, "deadline_slot": 2, "name": "washer"}],
    )
    path = written(tmp_path, file)
    record = json_of(path)
    assert [one["name"] for one in record["batteries"]] == ["old", "new"]
    assert sum(record["cars"][0]["charge_wh"]) == pytest.approx(1000)
    assert record["heat_stores"][0]["name"] == "tank"
    assert record["appliances"] == [{"name": "washer", "start_slot": 1, "appliance_wh": [0, 800, 0, 0]}]
    text = home_plan(path).stdout
    assert "washer" in text
    assert "starts in slot 1" in text
    assert "tank °C" in text


def test_a_file_on_standard_input_is_read_too() -> None:
    done = home_plan("-", "--json", stdin=json.dumps(plain()))
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "optimal"


def test_limits_that_contradict_each_other_end_with_a_plan_that_says_what_gave(tmp_path: Path) -> None:
    path = written(tmp_path, plain(battery=None, grid_limit_w=2100))
    record = json_of(path)
    assert record["status"] == "relaxed"
    assert record["conflict"] == ["pv_wh", "grid_limit_w"]
    (relaxation,) = record["relaxations"]
    assert (relaxation["field"], relaxation["slots"]) == ("pv_wh", [1])
    assert record["unused_pv_wh"] == pytest.approx([0, 400, 0, 0], abs=1e-4)
    text = home_plan(path).stdout
    assert "relaxed pv_wh: 400 Wh of the sun are left unused in slot 1" in text
    assert "without pv_wh or grid_limit_w, all other limits could be held" in " ".join(text.split())


def test_every_fault_of_a_file_is_printed_and_the_exit_code_is_2(tmp_path: Path) -> None:
    path = written(tmp_path, plain(load_wh=[1, 2, float("nan"), -4], battery=battery(energy_wh=7000)))
    done = home_plan(path, "--json")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{path}: load_wh[2] nan is not a finite number; write a number; forecast what is missing",
        f"{path}: load_wh[3] -4 is negative; write 0 or more",
        f"{path}: battery.energy_wh 7000 is more than capacity_wh 6000; give what the battery holds now, 0 to 6000 Wh",
    ]
    assert [error["field"] for error in json.loads(done.stdout)["errors"]] == [
        "load_wh[2]",
        "load_wh[3]",
        "battery.energy_wh",
    ]


def test_a_file_that_cannot_be_read_ends_with_exit_code_2(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        done = home_plan(path)
        assert done.returncode == 2
        assert "can't be read" in done.stderr
        assert done.stdout == ""


def test_the_installed_command_does_it_too(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "vdg"
    path = written(tmp_path, plain())
    done = subprocess.run([program, "home", "plan", path, "--json"], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == json_of(path)
