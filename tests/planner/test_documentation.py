"""What docs/planner.md shows comes out of the command."""

from __future__ import annotations

import json
import re
from pathlib import Path

from clients.household.planner.limit import Limit
from clients.household.planner.plan_file import ApplianceFields, BatteryFields, CarFields, HeatStoreFields, PlanFile
from tests.planner.test_command import home_plan, written

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "planner.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "home-plan.json"


def shown(number: int) -> list[str]:
    """The lines of a console block below its prompt, without blank ones."""
    _, *lines = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)[number].splitlines()
    return [line.rstrip() for line in lines if line.strip()]


def printed(path: Path) -> list[str]:
    return [line.rstrip() for line in home_plan(path).stdout.splitlines() if line.strip()]


def test_the_example_prints_what_the_page_shows() -> None:
    assert printed(EXAMPLE) == shown(0)


def test_the_example_with_a_smaller_connection_gives_as_the_page_shows(tmp_path: Path) -> None:
    file = json.loads(EXAMPLE.read_text(encoding="utf-8")) | {"grid_limit_w": 700}
    *lines, more = shown(1)
    assert more == "..."
    assert printed(written(tmp_path, file))[: len(lines)] == lines


def test_the_page_names_every_field_and_every_limit_in_its_order() -> None:
    for fields in (PlanFile, BatteryFields, CarFields, HeatStoreFields, ApplianceFields):
        for name in fields.model_fields:
            assert f"`{name}`" in PAGE or f".{name}`" in PAGE, name
    listed = re.findall(r"^\d\. `(.*?)`", PAGE, re.MULTILINE)
    assert listed == [limit.field for limit in sorted(Limit)]
