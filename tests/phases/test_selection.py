"""Which homes get a switch: against an exhaustive search, and on the thesis's network against a second computation."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from clients.common.file_error import BadFile
from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.grid import Grid
from clients.common.grid.shipped import load
from clients.dso.phases.allocation import Status
from clients.dso.phases.selection import Candidate, Method, Voltages, select
from clients.dso.phases.selection_case import parse_selection
from emulator.homes import neighbourhood
from node.cli.main import app

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "examples" / "phases-select.json"
PHASES = ("a", "b", "c")
HOME: dict[str, Any] = {"id": "h1", "feeder": "f", "phase": "a", "mean_wh": -100, "pv": True}

candidates = st.lists(
    st.builds(
        Candidate,
        id=st.just("h"),
        feeder=st.sampled_from(["f1", "f2"]),
        phase=st.sampled_from(PHASES),
        mean_wh=st.integers(-300, 300),
        pv=st.booleans(),
        eligible=st.sampled_from([True, True, False]),
    ),
    min_size=1,
    max_size=6,
).map(lambda homes: [home._replace(id=f"h{number}") for number, home in enumerate(homes)])


def unbalance(homes: list[Candidate], phases: tuple[str, ...]) -> Fraction:
    """(5.1) of all feeders, written down anew: squared distances of phases from a third of their feeder."""
    total = Fraction(0)
    for feeder in {home.feeder for home in homes}:
        sums = [
            sum(home.mean_wh for home, on in zip(homes, phases, strict=True) if home.feeder == feeder and on == phase)
            for phase in PHASES
        ]
        total += sum((Fraction(sum(sums), 3) - one) ** 2 for one in sums)
    return total


@settings(max_examples=60)
@given(homes=candidates, switches=st.integers(0, 4))
def test_mean_based_switches_are_the_moves_of_the_best_static_allocation(homes: list[Candidate], switches: int) -> None:
    selection = select(homes, switches, Method.MEAN_BASED)
    assert selection.status is Status.OPTIMAL
    chosen = {one.id for one in selection.chosen}
    now = tuple(home.phase for home in homes)
    ways = list(product(*[PHASES if home.eligible else home.phase for home in homes]))
    cost = {
        way: (unbalance(homes, way), moves)
        for way in ways
        if (moves := sum(a != b for a, b in zip(way, now, strict=True))) <= switches
    }
    best = min(cost.values())
    assert any(
        cost[way] == best and chosen == {home.id for home, on in zip(homes, way, strict=True) if on != home.phase}
        for way in cost
    )


@given(homes=candidates, switches=st.integers(0, 6))
def test_whatever_the_method_no_more_homes_than_switches_get_one_and_none_that_may_not(
    homes: list[Candidate], switches: int
) -> None:
    eligible = {home.id for home in homes if home.eligible}
    for method in Method:
        chosen = [one.id for one in select(homes, switches, method).chosen]
        assert len(chosen) == len(set(chosen)) <= switches
        assert set(chosen) <= eligible
        again = [one.id for one in select(homes[::-1], switches, method).chosen]
        assert sorted(chosen) == sorted(again)


@given(homes=candidates)
def test_the_hybrid_chooses_among_those_that_the_means_would_move(homes: list[Candidate]) -> None:
    moved = {one.id for one in select(homes, len(homes), Method.MEAN_BASED).chosen}
    for switches in range(len(homes) + 1):
        hybrid = [one.id for one in select(homes, switches, Method.HYBRID).chosen]
        assert set(hybrid) <= moved
        assert len(hybrid) == min(switches, len(moved))


@cache
def thesis_data() -> tuple[list[Candidate], dict[str, dict[str, float]]]:
    """The thesis's homes with the flows of a June week without market, and the solved average voltages."""
    network = load("thesis-33")
    feeders = feeder_of_bus(network)
    homes = {home.id: home for home in neighbourhood()}
    slots = 7 * 144
    net_w = np.array(
        [[homes[home.id].load_at(slot) - homes[home.id].pv_at(slot) for home in network.homes] for slot in range(slots)]
    )
    means_wh = (net_w.mean(axis=0) / 6).round().astype(int).tolist()
    found = [
        Candidate(home.id, feeders[home.bus], home.phase, mean_wh, homes[home.id].pv_wp > 0)
        for home, mean_wh in zip(network.homes, means_wh, strict=True)
    ]
    mean_v = Grid(network).solve(net_w).phase_neutral_v.mean(axis=0)
    at = [feeders[bus] for bus in network.buses]
    levels = {
        feeder: {
            phase: float(mean_v[[number for number, here in enumerate(at) if here == feeder], index].mean())
            for index, phase in enumerate(PHASES)
        }
        for feeder in set(feeders.values()) - {""}
    }
    return found, levels


def highest_flows(homes: list[Candidate], volts: Voltages, switches: int) -> list[str]:
    """5.2.2 by numpy's sorting: PV where the voltage is highest, others where it is lowest, then elsewhere."""
    rows = []
    for home in homes:
        ordered = sorted(PHASES, key=lambda phase: volts[home.feeder][phase])
        place = ordered.index(home.phase)
        fits = place == 2 if home.pv else place < 2
        later = 1 if not home.pv and place == 1 else 0
        flow = home.mean_wh * (-1 if home.pv else 1)
        if fits and flow > 0:
            rows.append((later, -flow, home.id))
    table = np.array(rows, dtype=[("later", int), ("less", int), ("id", "U20")])
    return [str(row["id"]) for row in np.sort(table, order=["later", "less", "id"])[:switches]]


@pytest.mark.parametrize("switches", [1, 2, 3, 4, 6, 12, 33])
def test_on_the_thesis_network_the_highest_flows_are_those_of_a_second_computation(switches: int) -> None:
    homes, volts = thesis_data()
    chosen = [one.id for one in select(homes, switches, Method.HIGHEST_AVERAGE_FLOW, volts).chosen]
    assert chosen == highest_flows(homes, volts, switches)


@pytest.mark.parametrize("method", list(Method))
def test_on_the_thesis_network_a_few_switches_do_most_of_the_good(method: Method) -> None:
    homes, volts = thesis_data()
    before = unbalance(homes, tuple(home.phase for home in homes))
    picked = {one.id for one in select(homes, 4, method, volts).chosen}
    assert len(picked) == 4
    switched = [home._replace(eligible=home.id in picked) for home in homes]
    after_moves = select(switched, 4, Method.MEAN_BASED)
    moved = {one.id: one.reason[-1] for one in after_moves.chosen}
    after = unbalance(homes, tuple(moved.get(home.id, home.phase) for home in homes))
    assert after < before / 2


def test_without_measured_voltages_the_flows_tell_which_phase_is_highest() -> None:
    homes = [
        Candidate("pv-a", "f", "a", -90, True),
        Candidate("pv-b", "f", "b", -20, True),
        Candidate("load-b", "f", "b", 50, False),
        Candidate("load-c", "f", "c", 40, False),
    ]
    chosen = [one.id for one in select(homes, 4, Method.HIGHEST_AVERAGE_FLOW).chosen]
    assert chosen == ["pv-a", "load-c", "load-b"]
    inverted = {"f": {"a": 228.0, "b": 236.0, "c": 230.0}}
    assert [one.id for one in select(homes, 4, Method.HIGHEST_AVERAGE_FLOW, inverted).chosen] == ["pv-b", "load-c"]


def run(*arguments: str, stdin: str = "") -> Any:
    return CliRunner().invoke(app, ["phases", "select", *arguments], input=stdin)


def test_the_command_prints_the_homes_with_the_reasons_as_text_and_as_json() -> None:
    text = run(str(SAMPLE))
    assert text.exit_code == 0
    assert "3 of 3 switches placed by hybrid" in text.stdout
    printed = json.loads(run("-", "--json", stdin=SAMPLE.read_text()).stdout)
    assert [one["id"] for one in printed["selected"]] == ["h01", "h07", "h09"]
    assert all(one["reason"] for one in printed["selected"])
    assert (printed["method"], printed["status"]) == ("hybrid", "optimal")
    other = json.loads(run(str(SAMPLE), "--json", "--method", "highest_average_flow", "--switches", "2").stdout)
    assert [one["id"] for one in other["selected"]] == ["h01", "h06"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"households": []}, "households"),
        ({"households": [HOME, HOME]}, "id 'h1' stands there twice"),
        ({"households": [HOME | {"mean_wh": 1.5}]}, "households[0].mean_wh 1.5"),
        ({"households": [HOME | {"phase": "d"}]}, "households[0].phase 'd'"),
        ({"households": [HOME | {"pv": "yes"}]}, "households[0].pv 'yes'"),
        ({"households": [HOME | {"id": "\x1b[2J"}]}, "households[0].id"),
        ({"switches": -1}, "switches -1"),
        ({"method": "luck"}, "method 'luck'"),
        ({"mean_voltage_v": {"g": {"a": 230, "b": 230, "c": 230}}}, "mean_voltage_v 'g' is no feeder of a home"),
        ({"mean_voltage_v": {"f": {"a": 0, "b": 230}}}, "mean_voltage_v.f.c"),
        ({"switch": 3}, "switch 3"),
    ],
)
def test_a_file_with_errors_is_refused_with_field_and_way_out(changes: dict[str, Any], named: str) -> None:
    case = {"households": [HOME], "switches": 2} | changes
    with pytest.raises(BadFile) as caught:
        parse_selection(json.dumps(case).encode())
    told = [" ".join(filter(None, (fault.field, fault.value, fault.reason))) for fault in caught.value.errors]
    assert any(named in line for line in told), told
    assert all(fault.way_out for fault in caught.value.errors)
    refused = run("-", "--json", stdin=json.dumps(case))
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["errors"]


@pytest.mark.parametrize("method", [Method.HIGHEST_AVERAGE_FLOW, Method.HYBRID])
def test_the_feeder_with_the_highest_unbalance_gets_the_next_switch_and_then_the_other(method: Method) -> None:
    homes = [
        Candidate(f"{feeder}-{phase}", feeder, phase, wh, pv=wh < 0)
        for feeder, more in (("f1", 100), ("f2", 0))
        for phase, wh in (("a", -200 - more), ("b", 50 + more), ("c", 80 + more))
    ]

    def first(**vuf_percent: float) -> str:
        (chosen,) = select(homes, 1, method, vuf_percent=vuf_percent).chosen
        return chosen.id

    # Without measurements the greatest flow of all feeders.
    assert first() == "f1-a"
    assert first(f1=0.4, f2=0.7) == "f2-a"
    assert first(f1=0.7, f2=0.4) == "f1-a"


@pytest.mark.parametrize(("percent", "told"), [({"f": -1}, "mean_vuf_percent.f"), ({"g": 0.4}, "mean_vuf_percent")])
def test_an_unbalance_of_no_feeder_or_below_zero_is_refused(percent: dict[str, float], told: str) -> None:
    case = {"households": [HOME], "switches": 1, "mean_vuf_percent": percent}
    with pytest.raises(BadFile) as refused:
        parse_selection(json.dumps(case).encode())
    assert [error.field for error in refused.value.errors] == [told]
