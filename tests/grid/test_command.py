"""`vdg grid`: what it prints, and what it says about input with errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clients.common.grid import shipped
from node.cli.main import app

FLOWS = "household,p_w,q_var\nf01load00001,3000,100\nf02load00022,-2000,0\n"


def run(*arguments: str, stdin: str = "") -> Any:
    return CliRunner().invoke(app, ["grid", *arguments], input=stdin)


def test_json_has_voltages_unbalance_lines_and_losses_by_the_authors_names() -> None:
    result = run("solve", "thesis-33", "-", "--json", stdin=FLOWS)
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    volts = {(each["bus"], each["phase"]): each["phase_neutral_v"] for each in printed["voltages"]}
    assert len(volts) == 63
    # The home that takes pulls its phase down and lifts another: the neutral moves.
    assert volts["Node_00011", "a"] < volts["Node_00001", "a"]
    assert volts["Node_00011", "b"] > volts["Node_00001", "b"]
    assert set(printed["vuf_percent"]) == {bus for bus, _ in volts}
    lines = {each["line"]: each for each in printed["lines"]}
    taken = lines["f01line00008"]
    assert taken["phase_a"] == pytest.approx([12.78, 0, 0], abs=0.01)
    assert taken["neutral_a"] == pytest.approx(12.78, abs=0.01)
    assert taken["loading_percent"] == pytest.approx(100 * 12.78 / 4004, abs=1e-3)
    assert set(printed["losses_w"]) == {"line_phases", "line_neutral", "transformer"}
    assert printed["losses_w"]["line_neutral"] > printed["losses_w"]["line_phases"] > 0


def test_the_table_shows_every_bus_and_line() -> None:
    result = run("solve", "thesis-33", "-", stdin=FLOWS)
    assert result.exit_code == 0
    network = shipped.load("thesis-33")
    assert all(bus in result.stdout for bus in network.buses)
    assert all(line.id in result.stdout for line in network.lines)


def test_flows_may_come_from_a_file_with_its_columns_in_any_order(tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    file.write_bytes(b'\xef\xbb\xbfq_var,household,p_w\r\n100,f01load00001,3e3\r\n\r\n0,"f02load00022",-2000\r\n')
    assert (
        run("solve", "thesis-33", str(file), "--json").stdout
        == run("solve", "thesis-33", "-", "--json", stdin=FLOWS).stdout
    )


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("f01load00001,1,", "2: q_var '' is empty"),
        ("f01load00001,x,0", "2: p_w 'x' is not a finite number"),
        ("f01load00001,nan,0", "2: p_w 'nan' is not a finite number"),
        ("f01load00001,1_0,0", "2: p_w '1_0' is not a finite number"),
        ("f01load00001,1,inf", "2: q_var 'inf' is not a finite number"),
        ("nobody,1,0", "2: household 'nobody' is not in the network"),
        (",1,0", "2: household '' is empty"),
        ("f01load00001,1", "2: line 'f01load00001,1' has 2 cells where the header has 3"),
        ("f01load00001,1,0\nf01load00001,1,0", "3: household 'f01load00001' has flows on line 2 already"),
        ('"f01load00001,1,0', "2: line '\"f01load00001,1,0' is not CSV"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(row: str, complaint: str) -> None:
    result = run("solve", "thesis-33", "-", stdin=f"household,p_w,q_var\n{row}\n")
    assert result.exit_code == 2
    assert f"standard input:{complaint}" in result.stderr


def test_all_faults_are_listed_at_once() -> None:
    result = run("solve", "nowhere", "-", "--json", stdin="household,p_w,q_var\nany,x,0\nany2,1,y\n")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 3
    assert len(json.loads(result.stdout)["errors"]) == 3
    assert "'nowhere' is no shipped network" in result.stderr


@pytest.mark.parametrize(
    ("stdin", "complaint"),
    [
        ("", "1: header '' is missing: the file is empty"),
        ("household,p_w\nf01load00001,1\n", "1: header 'household,p_w' is another; make the first line"),
        ("household,p_w,p_w,q_var\n", "1: header 'household,p_w,p_w,q_var' is another"),
    ],
)
def test_another_header_is_refused(stdin: str, complaint: str) -> None:
    result = run("solve", "thesis-33", "-", stdin=stdin)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    file.write_bytes(b"household,p_w,q_var\n\xff,1,0\n")
    assert f"{file}:2: file '' is not UTF-8 text" in run("solve", "thesis-33", str(file)).stderr
    result = run("solve", "thesis-33", str(tmp_path / "none.csv"))
    assert result.exit_code == 2
    assert "cannot be read (No such file or directory)" in result.stderr


def test_flows_that_the_network_cannot_carry_end_with_exit_code_1_and_name_the_bus() -> None:
    result = run("solve", "thesis-33", "-", "--json", stdin="household,p_w,q_var\nf01load00001,900000,0\n")
    assert result.exit_code == 1
    assert "slot 0: the flows don't converge, worst at bus Node_00011 phase a" in result.stderr
    assert json.loads(result.stdout)["failures"] == [{"slot": 0, "bus": "Node_00011", "phase": "a"}]


def test_the_networks_and_their_homes_are_listed() -> None:
    assert "thesis-33" in run("networks").stdout
    listed = json.loads(run("networks", "--json").stdout)
    assert [each["network"] for each in listed] == list(shipped.names())
    described = json.loads(run("networks", "thesis-33", "--json").stdout)
    assert (described["homes"], described["buses"], described["lines"]) == (33, 21, 20)
    homes = described["households"]
    assert {"household": "f01load00001", "bus": "Node_00011", "phase": "a", "feeder": "f01switch00001"} in homes
    assert "f02load00051" in run("networks", "thesis-33").stdout
    assert run("networks", "nowhere").exit_code == 2
