"""`vdg phases allocate`: what it prints, and what it says about files with errors."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from clients.common.file_error import BadFile
from clients.dso.phases.allocation import allocate
from clients.dso.phases.case import KIND, MAX_HOUSEHOLDS, parse_case
from node.cli.main import app

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "examples" / "phases.json"
HOME: dict[str, Any] = {"id": "h1", "feeder": "f", "phase": "a", "commitment_wh": -100, "switch": True}


def run(*arguments: str, stdin: str = "") -> Any:
    return CliRunner().invoke(app, ["phases", "allocate", *arguments], input=stdin)


def faults(file: Any) -> list[str]:
    with pytest.raises(BadFile) as caught:
        parse_case(file if isinstance(file, bytes) else json.dumps(file).encode())
    assert all(fault.way_out for fault in caught.value.errors)
    return [" ".join(filter(None, (fault.field, fault.value, fault.reason))) for fault in caught.value.errors]


def test_the_documented_example_prints_what_the_page_shows() -> None:
    page = (ROOT / "docs" / "phases.md").read_text()
    result = run(str(SAMPLE))
    assert result.exit_code == 0
    shown = page.split("$ vdg phases allocate docs/examples/phases.json\n")[1].split("```")[0]
    assert [line.split() for line in result.stdout.splitlines() if line.strip()] == [
        line.split() for line in shown.splitlines() if line.strip()
    ]


def test_json_has_phases_by_id_objectives_by_feeder_and_the_status() -> None:
    result = run("-", "--json", stdin=SAMPLE.read_text())
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    found = allocate(*parse_case(SAMPLE.read_bytes()))
    assert printed["status"] == "optimal"
    assert printed["gap_wh2"] == 0
    assert printed["phases"] == found.phases
    assert printed["objective"] == {name: float(value) for name, value in found.objective_wh2.items()}
    assert set(printed) == {"status", "gap_wh2", "phases", "objective", "objective_before", "switchings"}


def test_options_of_the_file_limit_the_switchings() -> None:
    case = json.loads(SAMPLE.read_text())
    for fields, most in (({"max_switchings": 1}, 1), ({"hysteresis_wh2": 10**9}, 0), ({"max_switchings": None}, 5)):
        result = run("-", "--json", stdin=json.dumps(case | fields))
        assert len(json.loads(result.stdout)["switchings"]) == most


def test_every_fault_of_a_file_is_named_at_once() -> None:
    homes = [
        HOME | {"phase": "d", "commitment_wh": 1.5},
        HOME | {"switch": 1, "volume": 3},
        {"id": "", "feeder": "f", "phase": "b", "commitment_wh": 2_000_000},
        "h4",
        HOME,
        HOME | {"phase": "c"},
    ]
    assert faults({"households": homes, "max_switchings": -1, "hysteresis_wh2": "5", "feeder": "x"}) == [
        "feeder is no known field",
        "households[0].phase 'd' is no phase",
        "households[0].commitment_wh 1.5 is not a whole number",
        "households[1].volume is no known field",
        "households[1].switch 1 is neither true nor false",
        "households[2].id '' is no name",
        "households[2].switch is missing",
        "households[2].commitment_wh 2000000 is not within -1000000 to 1000000",
        "households[3] 'h4' is no object",
        "households[5].id 'h1' is the id of households[4] too",
        "max_switchings -1 is not within 0 to 500",
        "hysteresis_wh2 '5' is not a whole number",
    ]


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ({}, "households is missing"),
        ({"households": []}, "households is empty"),
        ({"households": {}}, "households {} is no list"),
        ([], "file [] is no JSON object"),
        ({"households": [HOME] * (MAX_HOUSEHOLDS + 1)}, "households has 501 homes, more than 500"),
        (b"{", "file is not JSON: Expecting property name enclosed in double quotes in line 1, column 2"),
        (b"\xff", "file is not UTF-8 text: byte 0xff in line 1"),
        (b"[" * 100_000, "file is nested too deeply (at most 64 deep)"),
        (b" " * (KIND.max_bytes + 1), f"file is larger than {KIND.max_bytes} bytes"),
    ],
)
def test_a_file_that_is_none_is_refused(file: Any, fault: str) -> None:
    assert faults(file) == [fault]


def test_a_field_that_stands_there_twice_and_numbers_beyond_reason_are_refused() -> None:
    text = json.dumps({"households": [HOME]})
    assert faults(text.replace('"id": "h1"', '"id": "h1", "id": "h2"').encode()) == [
        "households[0].id stands there twice in one object"
    ]
    for number in ("NaN", "Infinity", "1" * 5000, "1e400"):
        (fault,) = faults(text.replace("-100", number).encode())
        assert fault.startswith("households[0].commitment_wh")


def test_bad_files_end_with_code_2_and_the_way_out(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"households": [HOME | {"phase": "A"}]}))
    result = run(str(bad), "--json")
    assert result.exit_code == 2
    assert """households[0].phase 'A' is no phase; write "a", "b" or "c\"""" in result.stderr
    assert json.loads(result.stdout)["errors"][0]["field"] == "households[0].phase"
    assert run(str(tmp_path / "none.json")).exit_code == 2
    assert run(str(tmp_path)).exit_code == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*HOME, "households"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_file_does_more_than_be_refused(value: object) -> None:
    for file in (value, {"households": [value, HOME]}):
        # Anything else that is raised fails the test.
        with suppress(BadFile):
            allocate(*parse_case(json.dumps(file).encode()))
