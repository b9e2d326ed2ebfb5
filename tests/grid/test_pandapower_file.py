"""Networks go to pandapower's files and come back the same; foreign files are read, or refused with every reason."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandapower
import pytest
from typer.testing import CliRunner

from clients.common.grid import shipped
from clients.common.grid.fault import BadNetwork
from clients.common.grid.grid import Grid
from clients.common.grid.pandapower_file import net_of, parse, write
from clients.common.grid.pandapower_tables import NetworkTables
from clients.common.grid.validation import check
from node.cli.main import app
from tests.grid.flows import flows

THESIS_50 = shipped.load("thesis-50")


def refused(net: Any) -> list[str]:
    """What is said against a pandapower network."""
    with pytest.raises(BadNetwork) as bad:
        check(NetworkTables(net, "net").network())
    assert all(fault.way_out for fault in bad.value.faults)
    return [" ".join(filter(None, (fault.where, fault.value, fault.reason))) for fault in bad.value.faults]


@cache
def built() -> Any:
    return net_of(THESIS_50, {}, {})


def plain() -> Any:
    """pandapower's network of 50 homes, a new one each time: building one takes long."""
    return deepcopy(built())


def test_a_network_comes_back_with_the_same_names_and_flows() -> None:
    back = parse(write(THESIS_50), "thesis-50")
    assert (back.buses, back.homes) == (THESIS_50.buses, THESIS_50.homes)
    assert [line.id for line in back.lines] == [line.id for line in THESIS_50.lines]
    p_w, q_var = flows(THESIS_50, 3)
    there, here = Grid(THESIS_50).solve(p_w, q_var), Grid(back).solve(p_w, q_var)
    assert here.phase_neutral_v == pytest.approx(there.phase_neutral_v, abs=1e-8)
    assert here.line_neutral_loss_w == pytest.approx(there.line_neutral_loss_w, abs=1e-6)
    assert here.loading_percent == pytest.approx(there.loading_percent, abs=1e-8)


def test_pandapowers_own_three_phase_flow_agrees_on_what_was_written() -> None:
    network = shipped.load("thesis-33")
    p_w, q_var = flows(network, 5, most_w=3000)
    ids = [home.id for home in network.homes]
    net = net_of(network, dict(zip(ids, p_w[0], strict=True)), dict(zip(ids, q_var[0], strict=True)))
    pandapower.runpp_3ph(net, numba=False, tolerance_mva=1e-10, max_iteration=100)
    theirs = net.res_bus_3ph[["vm_a_pu", "vm_b_pu", "vm_c_pu"]].to_numpy()[1:]
    ours = Grid(network).solve(p_w, q_var).phase_neutral_v[0] / network.nominal_v
    # pandapower takes the medium voltage for stiff in the positive sequence.
    assert ours == pytest.approx(theirs, abs=3e-4)
    assert ours - ours[0] == pytest.approx(theirs - theirs[0], abs=2e-5)


def test_lines_without_columns_of_ours_have_the_same_voltages_and_neutral_currents() -> None:
    net = plain()
    net.line = net.line.drop(columns=[name for name in net.line.columns if "mutual" in name or "neutral_ohm" in name])
    p_w, q_var = flows(THESIS_50, 4)
    ours, theirs = Grid(THESIS_50).solve(p_w, q_var), Grid(NetworkTables(net, "net").network()).solve(p_w, q_var)
    assert theirs.phase_neutral_v == pytest.approx(ours.phase_neutral_v, abs=1e-6)
    assert theirs.line_neutral_a == pytest.approx(ours.line_neutral_a, abs=1e-3)
    total = ours.line_phases_loss_w + ours.line_neutral_loss_w
    assert theirs.line_phases_loss_w + theirs.line_neutral_loss_w == pytest.approx(total, rel=1e-6)


def test_lines_with_hardly_any_zero_sequence_can_be_solved() -> None:
    net = plain()
    net.line = net.line.drop(columns=[name for name in net.line.columns if "mutual" in name or "neutral_ohm" in name])
    net.line["r0_ohm_per_km"], net.line["x0_ohm_per_km"] = net.line["r_ohm_per_km"], net.line["x_ohm_per_km"]
    p_w, q_var = flows(THESIS_50, 4)
    solution = Grid(NetworkTables(net, "net").network()).solve(p_w, q_var)
    assert not solution.failures
    assert np.isfinite(solution.phase_neutral_v).all()


def test_a_home_without_the_column_phase_is_on_the_phase_on_which_it_draws() -> None:
    net = plain()
    for number, home in enumerate(THESIS_50.homes[1:], start=1):
        net.asymmetric_load.loc[number, f"p_{home.phase}_mw"] = 0.001
    net.asymmetric_load = net.asymmetric_load.drop(columns="phase")
    (fault,) = refused(net)
    assert fault == f"home '{THESIS_50.homes[0].id}' phase is missing"
    net.asymmetric_load.loc[0, "p_a_mw"] = 0.001
    assert [home.phase for home in NetworkTables(net, "net").network().homes[1:]] == [
        home.phase for home in THESIS_50.homes[1:]
    ]
    net.asymmetric_load.loc[0, "q_b_mvar"] = 0.001
    assert refused(net) == [f"home '{THESIS_50.homes[0].id}' draws on the two phases ab"]


def test_open_lines_and_what_is_out_of_service_count_for_nothing() -> None:
    net = plain()
    far = [line.id for line in THESIS_50.lines].index("f01line00008")
    pandapower.create_switch(net, int(net.line.from_bus[far]), far, et="l", closed=False)
    assert refused(net) == ["bus 'Node_00011' is an island: nothing feeds it"]
    net.switch["closed"] = True
    assert len(NetworkTables(net, "net").network().lines) == len(THESIS_50.lines)
    net.line.loc[far, "in_service"] = False
    assert refused(net) == ["bus 'Node_00011' is an island: nothing feeds it"]


def test_everything_wrong_is_named_at_once() -> None:
    net = plain()
    pandapower.create_sgen(net, 3, 0.001)
    pandapower.create_switch(net, 3, 4, et="b")
    net.line.loc[2, "r0_ohm_per_km"] = float("nan")
    net.line["length_km"] = net.line["length_km"].astype(object)
    net.line.loc[3, "length_km"] = "long"
    net.asymmetric_load.loc[0, "type"] = "delta"
    net.trafo.loc[0, "vector_group"] = "Yyn"
    net.trafo.loc[0, "vk0_percent"] = 1.0
    pandapower.create_bus(net, 20.0, name="far")
    assert refused(net) == [
        "table sgen 1 has elements that have no place here",
        "switch 0 joins two buses without impedance",
        "line 'f01line00001' r0_ohm_per_km is missing",
        "line 'f01line00002' length_km 'long' is not a number",
        f"home '{THESIS_50.homes[0].id}' type 'delta' is not wye",
        "transformer 'transformer00001' vector_group 'Yyn' is not Dyn",
        "transformer 'transformer00001' vk0_percent 1.0 differs from the positive sequence's",
        "bus 'far' vn_kv 20.0 is not low voltage",
    ]


@pytest.mark.parametrize("given", [0.0, -1.0, 0.5, float("inf")])
def test_elements_in_parallel_are_counted(given: float) -> None:
    net = plain()
    for table in ("line", "trafo"):
        net[table]["parallel"] = net[table]["parallel"].astype(float)
        net[table].loc[0, "parallel"] = given
    assert refused(net) == [
        f"line '{THESIS_50.lines[0].id}' parallel {given:g} is not a whole number from 1 on",
        f"transformer 'transformer00001' parallel {given:g} is not a whole number from 1 on",
    ]


def test_a_figure_that_pandapower_leaves_out_of_its_file_as_it_is_infinite_is_asked_for_with_its_name() -> None:
    net = plain()
    net.trafo.loc[0, "sn_mva"] = float("inf")
    with pytest.raises(BadNetwork) as bad:
        check(parse(pandapower.to_json(net), "net"))
    (fault,) = bad.value.faults
    assert (fault.where, fault.reason) == ("transformer 'transformer00001' sn_mva", "is missing")
    assert fault.way_out == "give a finite number"
    assert refused(net)[0] == "transformer 'transformer00001' rating_va inf is not a number"


def test_ids_zero_impedances_and_loops_of_a_file_are_named_by_its_own_names() -> None:
    net = plain()
    net.line.loc[5, "name"] = net.line.loc[4, "name"]
    net.line.loc[6, ["r_ohm_per_km", "x_ohm_per_km", "r0_ohm_per_km", "x0_ohm_per_km"]] = 0.0
    net.line.loc[6, [name for name in net.line.columns if "mutual" in name or "neutral_ohm" in name]] = 0.0
    net.line.loc[7, "to_bus"] = int(net.line.loc[0, "from_bus"])
    found = refused(net)
    assert f"line '{net.line.name[4]}' is there 2 times" in found
    assert f"line '{net.line.name[6]}' has zero impedance" in found
    assert f"line '{net.line.name[7]}' closes a loop" in found
    assert any(text.startswith("bus ") and "is an island" in text for text in found)


def test_a_network_without_source_or_with_two_transformers_is_refused() -> None:
    net = plain()
    net.ext_grid["in_service"] = False
    pandapower.create_transformer(net, 0, 3, "0.4 MVA 20/0.4 kV")
    assert refused(net)[:2] == [
        "table ext_grid 0 is not one element in service",
        "table trafo 2 is not one element in service",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "file is not JSON"),
        ("[]", "file is no pandapower network"),
        ('{"_class": "pandapowerNet"}', "table ext_grid is not one element in service"),
        (
            '{"_class": "pandapowerNet", "_module": "pandapower.auxiliary", "_object": {"bus": 3}}',
            "can't be understood",
        ),
        (
            json.dumps(
                {"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": {"bus": {"_module": "os"}}}
            ),
            "is a module that no network needs",
        ),
    ],
)
def test_a_file_that_is_no_network_is_refused_before_it_can_do_anything(text: str, complaint: str) -> None:
    with pytest.raises(BadNetwork) as bad:
        parse(text, "net")
    assert complaint in str(bad.value)


def test_the_command_line_writes_and_solves_files(tmp_path: Path) -> None:
    file = tmp_path / "net.json"
    csv = "household,p_w,q_var\nf01load00001,3000,100\n"
    assert CliRunner().invoke(app, ["grid", "export", "thesis-33", str(file)]).exit_code == 0
    again = CliRunner().invoke(app, ["grid", "export", "thesis-33", str(file)])
    assert (again.exit_code, "can't be written (File exists)" in again.stderr) == (2, True)
    told = CliRunner().invoke(app, ["grid", "export", "thesis-33", str(tmp_path / "again.json"), "--json"])
    assert json.loads(told.stdout).items() >= {"file": str(tmp_path / "again.json"), "homes": 33}.items()
    assert (tmp_path / "again.json").read_text() == file.read_text()
    unknown = CliRunner().invoke(app, ["grid", "export", "no-such", str(tmp_path / "none.json"), "--json"])
    assert (unknown.exit_code, len(json.loads(unknown.stdout)["errors"])) == (2, 1)
    from_file = CliRunner().invoke(app, ["grid", "solve", str(file), "-"], input=csv)
    from_name = CliRunner().invoke(app, ["grid", "solve", "thesis-33", "-"], input=csv)
    assert from_file.exit_code == 0
    assert from_file.stdout == from_name.stdout
    file.write_text(file.read_text().replace("f01line00002", "f01line00001"))
    bad = CliRunner().invoke(app, ["grid", "solve", str(file), "-"], input="household,p_w,q_var\nx,y,z\n")
    assert bad.exit_code == 2
    assert "line 'f01line00001' is there 2 times; give each an id of its own" in bad.stderr
    assert "p_w 'y' is not a finite number" in bad.stderr
