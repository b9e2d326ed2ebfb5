"""What running homes plan, as `vdg home plan --config` shows it."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from clients.common.configuration import read_configuration
from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database
from clients.household.diary import Diary
from clients.household.live_plan import plan_command
from clients.household.plan import Rule
from clients.household.planned import Planned, PlanningSettings
from clients.household.planner.planner import Planner
from clients.household.status import read_status
from clients.household.strategy import Plain
from node.cli.main import app
from tests.household.made import BATTERY, CHEAP, expected, home, terms
from tests.household.test_configuration import minimal, read


def invoke(*arguments: str) -> tuple[int, str, str]:
    alone = typer.Typer()
    alone.command()(plan_command)
    result = CliRunner().invoke(alone, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def planned(folder: Path, rules: PlanningSettings | None = None, load_wh: int = 100) -> str:
    """An agent's file in which a home with a battery has planned in slot 20; the path of the configuration."""
    configuration = read(folder, minimal())
    database = Database.open(configuration.household_file, "chain")
    strategy = Planned("h1", Planner(), rules or PlanningSettings(), Plain(Rule()))
    agent = home([expected(load_wh, 0)], now=20, battery=BATTERY, energy_wh=2_000, strategy=strategy)
    diary = Diary(database.slots)
    diary.decided(agent, terms(), 20, agent.decide(terms(), 20))
    diary.keep(20)
    database.close()
    return str(folder / "household.yaml")


def test_the_newest_plan_of_each_home_is_shown_with_what_the_battery_does(tmp_path: Path) -> None:
    code, output, _ = invoke("--config", planned(tmp_path), "--json")
    (plan,) = json.loads(output)
    assert code == 0
    assert (plan["home"], plan["made_in"], plan["first_slot"]) == ("h1", 20, 21)
    columns = [plan[name] for name in ("load_wh", "pv_wh", "flow_wh", "battery_wh", "energy_wh", "wanted_wh")]
    assert len({len(column) for column in columns}) == 1
    for load, pv, flow, battery in zip(*columns[:4], strict=True):
        assert load - pv == flow + battery
    assert min(plan["energy_wh"]) >= BATTERY.min_wh
    assert plan["buy_price_neur_per_wh"][0] == CHEAP
    code, output, _ = invoke("--config", str(tmp_path / "household.yaml"), "--home", "h1")
    assert code == 0
    assert "planned in slot 20" in output
    assert f" {plan['energy_wh'][-1]} " in output


def test_a_plan_that_could_not_hold_its_limits_says_which_gave(tmp_path: Path) -> None:
    path = planned(tmp_path, PlanningSettings(grid_limit_w=300), load_wh=200)
    (plan,) = json.loads(invoke("--config", path, "--json")[1])
    binds, *_, told = plan["relaxed"]
    assert "the grid's limit is exceeded in slots 25-101, " in told
    assert binds == "without grid_limit_w, all other limits could be held"
    shown = " ".join(invoke("--config", path)[1].split())
    assert all(f"relaxed: {text}" in shown for text in plan["relaxed"])
    seed = tmp_path / "h1.seed"
    seed.write_text("11" * 32)
    seed.chmod(0o600)
    (status,) = read_status(read_configuration(Path(path), HouseholdConfiguration))
    assert status.relaxed == plan["relaxed"]
    result = CliRunner().invoke(app, ["household", "status", "--config", path])
    assert f"relaxed: {binds}" in result.stdout


def test_a_file_and_running_homes_at_once_an_unknown_home_and_no_plan_yet_are_told(tmp_path: Path) -> None:
    path = planned(tmp_path)
    assert invoke("plan.json", "--config", path)[0] == 2
    code, _, errors = invoke()
    assert (code, "give either FILE.json" in errors) == (2, True)
    code, _, errors = invoke("--config", path, "--home", "h9")
    assert (code, "it has h1" in errors) == (2, True)
    configuration = read(tmp_path, minimal())
    configuration.household_file.unlink()
    Database.open(configuration.household_file, "chain").close()
    code, _, errors = invoke("--config", path)
    assert (code, "no plan is kept yet" in errors) == (1, True)
