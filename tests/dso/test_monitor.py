"""When flows must be controlled, why, and what each PCC may then have."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest

from abci_app.modules.control.terms import check_open
from clients.common.grid.grid import Grid
from clients.common.grid.limits import WATCHED, Limits, used
from clients.common.grid.shipped import load
from clients.common.slots import SLOTS_PER_HOUR
from clients.dso.control.constraint import Cause, Demand, SlotView
from clients.dso.monitor.grid_monitor import GridMonitor
from wire.control import ControlLaw, ControlReason, ControlTerms, OpenControl
from wire.station import PccFlow, StationReading

NETWORK = load("thesis-50")
NOMINAL_MV = 1000 * NETWORK.nominal_v
MONITOR = GridMonitor(NETWORK)
HOME = NETWORK.homes[0]
VOLTAGE, CURRENT = ControlReason.CONTROL_REASON_VOLTAGE, ControlReason.CONTROL_REASON_CURRENT
FORECAST = ControlReason.CONTROL_REASON_FORECAST
FEEDERS = ("f01switch00001", "f02switch00002")


def view(**known: Any) -> SlotView:
    """A slot of which nothing is known but what is given."""
    nothing: dict[str, Any] = {"slot": 7, "committed_wh": {}, "phases": {}, "last": None, "voltages_mv": {}}
    return SlotView(**(nothing | known))


def station(current_a: float = 0.0, busbar_mv: float = NOMINAL_MV, sign: int = 1) -> StationReading:
    """A reading with that current on phase b of the first feeder, and nothing elsewhere."""
    pccs = tuple(
        PccFlow(feeder=feeder, phase=phase, energy_wh=sign * here, current_ma=here)
        for feeder in FEEDERS
        for phase in ("a", "b", "c")
        for here in [round(1000 * current_a) if (feeder, phase) == (FEEDERS[0], "b") else 0]
    )
    voltages = (round(busbar_mv), round(NOMINAL_MV), round(NOMINAL_MV))
    return StationReading(station="thesis-50", sequence=1, slot=6, time_s=7, busbar_mv=voltages, pccs=pccs)


def demanded(**known: Any) -> Demand:
    """What is demanded."""
    demand = MONITOR.demand(view(**known))
    assert demand is not None
    return demand


@cache
def overloaded() -> Demand:
    """What is demanded where homes have committed more than the transformer can carry."""
    return demanded(committed_wh={home.id: 700 for home in NETWORK.homes})


def test_where_no_limit_is_near_nothing_is_controlled() -> None:
    assert MONITOR.demand(view()) is None
    quiet = view(
        committed_wh={home.id: 50 for home in NETWORK.homes},
        last=station(20.0),
        voltages_mv={home.id: round(NOMINAL_MV) for home in NETWORK.homes},
    )
    assert MONITOR.demand(quiet) is None


@pytest.mark.parametrize(("percent", "word"), [(9.0, "high"), (-9.0, "low")])
def test_a_deviation_of_nine_percent_at_a_home_starts_control_and_a_little_less_does_not(
    percent: float, word: str
) -> None:
    reached_mv = round(NOMINAL_MV * (1 + percent / 100) + (0.6 if percent > 0 else -0.6))
    demand = demanded(voltages_mv={HOME.id: reached_mv})
    assert demand.reason is VOLTAGE
    assert demand.why.startswith(f"voltage {word} at home {HOME.id} (bus {HOME.bus} phase {HOME.phase})")
    assert "9 % is allowed" in demand.why
    less_mv = round(NOMINAL_MV * (1 + 0.99 * percent / 100))
    assert MONITOR.demand(view(voltages_mv={HOME.id: less_mv})) is None


def test_the_busbars_voltage_counts_as_the_homes_do() -> None:
    demand = demanded(last=station(busbar_mv=NOMINAL_MV * 0.9))
    assert (demand.reason, "Node_00001 phase a" in demand.why) == (VOLTAGE, True)


def test_seventy_percent_of_the_narrowest_line_that_carries_a_feeder_starts_control() -> None:
    limit_a = min(line.type.phase_limit_a for line in NETWORK.lines)
    assert limit_a == 275
    wide = GridMonitor(NETWORK, Limits(deviation_percent=9.0, line_percent=70.0, transformer_percent=1e6))
    demand = wide.demand(view(last=station(0.7 * limit_a + 0.01)))
    assert demand is not None
    assert demand.reason is CURRENT
    assert demand.why.startswith("line current at line f01line")
    assert wide.demand(view(last=station(0.69 * limit_a))) is None


def test_a_transformer_at_its_rating_starts_control_also_where_power_comes_back() -> None:
    rated_a = NETWORK.transformer.rating_va / 3 / NETWORK.nominal_v
    wide = GridMonitor(NETWORK, Limits(deviation_percent=9.0, line_percent=1e6, transformer_percent=100.0))
    demand = wide.demand(view(last=station(rated_a * 1.001, sign=-1)))
    assert demand is not None
    assert demand.why.startswith("transformer at transformer00001: 100.10 %")
    assert wide.demand(view(last=station(rated_a * 0.999))) is None


def test_the_transformer_is_watched_from_seventy_percent_on_like_a_line() -> None:
    rated_a = NETWORK.transformer.rating_va / 3 / NETWORK.nominal_v
    assert demanded(last=station(rated_a * 0.701)).why.endswith(": 70.10 % where 70 % is allowed")
    assert MONITOR.demand(view(last=station(rated_a * 0.699))) is None


def test_control_stays_for_the_slot_after_one_in_which_it_had_to_move_flows() -> None:
    held = Cause(CURRENT, "transformer at transformer00001: 107.00 % where 70 % is allowed")
    demand = demanded(held=held)
    assert (demand.reason, demand.why) == (CURRENT, f"control stays after: {held.why}")
    assert demand.limits
    # It says so once, however long it stays.
    again = demanded(held=Cause(demand.reason, demand.why))
    assert again.why == demand.why
    # A limit that is reached anew is the better reason.
    assert demanded(held=held, voltages_mv={HOME.id: round(NOMINAL_MV * 1.1)}).reason is VOLTAGE


def test_commitments_that_would_reach_a_limit_start_control_before_it_is_reached() -> None:
    committed = {home.id: 700 for home in NETWORK.homes}
    solution = Grid(NETWORK).solve([[700.0 * SLOTS_PER_HOUR] * len(NETWORK.homes)])
    assert used(solution, WATCHED)[0] > 1
    demand = overloaded()
    assert (demand.reason, demand.slot) == (FORECAST, 7)
    assert "transformer00001" in demand.why
    assert MONITOR.demand(view(committed_wh={home: wh // 4 for home, wh in committed.items()})) is None


def test_commitments_that_the_network_cannot_carry_are_named_with_slot_and_bus_and_get_limits_that_it_can() -> None:
    demand = demanded(slot=9, committed_wh={home.id: 50_000 for home in NETWORK.homes})
    assert (demand.reason, demand.slot) == (FORECAST, 9)
    assert demand.why.startswith("no solution: worst at bus Node_")
    assert demand.limits
    assert all(limit.max_wh < 50_000 for limit in demand.limits)
    assert MONITOR.demand(view(slot=10, committed_wh={home.id: 50 for home in NETWORK.homes})) is None


def test_what_was_measured_is_told_before_what_is_to_come() -> None:
    committed = {home.id: 700 for home in NETWORK.homes}
    demand = demanded(committed_wh=committed, voltages_mv={HOME.id: round(NOMINAL_MV * 1.095)})
    assert demand.reason is VOLTAGE


def test_homes_that_nobody_knows_and_measurements_that_are_missing_change_nothing() -> None:
    strange = view(committed_wh={"elsewhere": 10**6}, voltages_mv={"elsewhere": 1}, phases={"elsewhere": "a"})
    assert MONITOR.demand(strange) is None


def test_each_phase_of_each_feeder_gets_its_limits_with_reasons_and_the_chain_takes_them() -> None:
    demand = overloaded()
    assert [limit.pcc for limit in demand.limits] == [f"{feeder}-{phase}" for feeder in FEEDERS for phase in "abc"]
    assert sum(limit.homes for limit in demand.limits) == len(NETWORK.homes)
    for limit in demand.limits:
        assert limit.has_max == bool(limit.max_reason)
        assert limit.has_min == bool(limit.min_reason)
        assert "transformer00001" in limit.max_reason
    terms = ControlTerms(demand.reason, ControlLaw.CONTROL_LAW_SECANT, demand.limits, 0, 1, 30, 5, bytes(32))
    check_open(OpenControl("lilas", demand.slot, terms))


def test_limits_let_homes_draw_less_where_too_much_is_drawn() -> None:
    demand = overloaded()
    assert all(limit.max_wh < 700 * limit.homes for limit in demand.limits if limit.homes > 9)
    assert all(limit.min_wh < 200 * limit.homes for limit in demand.limits)


def test_a_plan_within_the_limits_keeps_the_grid_whole() -> None:
    demand = overloaded()
    feeder_of = {"f01": FEEDERS[0], "f02": FEEDERS[1]}
    name_of = {home.id: f"{feeder_of[home.id[:3]]}-{home.phase}" for home in NETWORK.homes}
    share = {limit.pcc: limit.max_wh / limit.homes for limit in demand.limits}
    p_w = np.array([share[name_of[home.id]] * SLOTS_PER_HOUR for home in NETWORK.homes])
    assert used(Grid(NETWORK).solve(p_w[None]), Limits())[0] < 1.001


def test_homes_that_were_switched_count_on_the_phase_they_are_on() -> None:
    moved = {home.id: "b" for home in NETWORK.homes if home.phase == "a"}
    demand = demanded(committed_wh={home.id: 700 for home in NETWORK.homes}, phases=moved)
    homes = Counter({limit.pcc[-1]: limit.homes for limit in demand.limits})
    assert "a" not in homes
