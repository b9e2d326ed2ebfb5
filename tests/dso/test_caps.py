"""Caps before the gate: the least that is enough, in order of priority, and none without its reason."""

from __future__ import annotations

import numpy as np
import pytest

from clients.common.grid.grid import PHASE_CODES, Grid
from clients.common.grid.limits import KEPT, Limits, used
from clients.common.grid.shipped import load
from clients.common.grid.solution import Real
from clients.common.slots import SLOTS_PER_HOUR
from clients.dso.grid_chain import NO_CAP_WH
from clients.dso.monitor.caps import Cap, Forecast, Vdg, least_caps

GRID = Grid(load("thesis-50"))
HOMES = GRID.network.homes
OWN = np.array([PHASE_CODES[home.phase] for home in HOMES], np.intp)
CHANCE = np.random.default_rng(11)
EVENING_WH = CHANCE.uniform(0, 1200, 50)
NOON_WH = CHANCE.uniform(-1500, 200, 50)
ONE = [Vdg("lilas", 0, tuple(range(50)))]
# Every other home belongs to a VDG that the DSO ranks higher.
TWO = [Vdg("lilas", 1, tuple(range(0, 50, 2))), Vdg("tulip", 5, tuple(range(1, 50, 2)))]


def capped(flows_wh: Real, vdgs: list[Vdg], caps: dict[str, Cap]) -> Real:
    """The flows of homes that keep to their VDG's caps."""
    after = flows_wh.copy()
    for vdg in vdgs:
        if vdg.vdg in caps:
            homes = list(vdg.homes)
            after[homes] = np.clip(after[homes], -caps[vdg.vdg].export_wh, caps[vdg.vdg].import_wh)
    return after


def holds(flows_wh: Real, phases: np.ndarray = OWN, limits: Limits = KEPT) -> bool:
    """Whether no limit is broken."""
    solution = GRID.solve(flows_wh[None] * SLOTS_PER_HOUR, phases=phases)
    return bool(used(solution, limits)[0] < 1)


def found(flows_wh: Real, vdgs: list[Vdg], limits: Limits = KEPT) -> dict[str, Cap]:
    return least_caps(GRID, Forecast(flows_wh, OWN), vdgs, limits)


def test_a_forecast_that_breaks_no_limit_is_not_capped() -> None:
    assert holds(EVENING_WH / 4)
    assert found(EVENING_WH / 4, ONE) == {}


@pytest.mark.parametrize(("flows_wh", "side"), [(EVENING_WH, "import_wh"), (NOON_WH, "export_wh")])
def test_one_vdg_gets_the_highest_whole_cap_that_holds_on_the_side_that_is_to_blame(flows_wh: Real, side: str) -> None:
    assert not holds(flows_wh)
    (cap,) = found(flows_wh, ONE).values()
    given = getattr(cap, side)
    assert {cap.import_wh, cap.export_wh} == {given, NO_CAP_WH}
    # By counting down, one watt-hour after the other.
    each = np.arange(1600, -1, -1)[:, None]
    tried = np.minimum(flows_wh, each) if side == "import_wh" else np.maximum(flows_wh, -each)
    shares = used(GRID.solve(tried * SLOTS_PER_HOUR, phases=OWN), KEPT)
    assert given == each[shares < 1][0, 0]
    assert cap.reason.startswith("forecast without caps: transformer at transformer00001")
    assert "99 % is allowed" in cap.reason
    assert len(cap.reason) <= 200


@pytest.mark.parametrize("scale", [0.9, 2.0])
@pytest.mark.parametrize("flows_wh", [EVENING_WH, NOON_WH])
def test_with_caps_every_limit_is_kept_and_none_could_be_a_watt_hour_higher(flows_wh: Real, scale: float) -> None:
    flows_wh = flows_wh * scale
    caps = found(flows_wh, TWO)
    assert caps
    assert holds(capped(flows_wh, TWO, caps))
    for vdg, cap in caps.items():
        for field in ("import_wh", "export_wh"):
            if getattr(cap, field) < NO_CAP_WH:
                higher = caps | {vdg: cap._replace(**{field: getattr(cap, field) + 1})}
                assert not holds(capped(flows_wh, TWO, higher))


def test_the_vdg_of_the_higher_priority_is_cut_only_where_the_lower_ones_are_not_enough() -> None:
    low, high = TWO
    a_little = EVENING_WH * 0.9
    assert set(found(a_little, TWO)) == {"lilas"}
    assert set(found(a_little, [low._replace(priority=9), high])) == {"tulip"}
    much = found(EVENING_WH * 3, TWO)
    assert set(much) == {"lilas", "tulip"}
    assert much["lilas"].import_wh < much["tulip"].import_wh


def test_vdgs_of_one_priority_are_cut_alike() -> None:
    caps = found(EVENING_WH, [vdg._replace(priority=3) for vdg in TWO])
    assert caps["lilas"] == caps["tulip"]
    assert caps["lilas"].import_wh == found(EVENING_WH, ONE)["lilas"].import_wh


def test_a_vdg_whose_cut_is_worth_no_watt_hour_to_the_others_is_left_alone() -> None:
    # The voltage at the end of the first feeder is too high; who stands at the beginning of the second can hardly help.
    limits = Limits(deviation_percent=1.1, transformer_percent=1e6, line_percent=1e6)
    far = [number for number, home in enumerate(HOMES) if home.bus == "Node_00011"]
    flows_wh = np.zeros(50)
    flows_wh[far] = -1500.0
    near = [number for number, home in enumerate(HOMES) if home.bus == "Node_00015"]
    flows_wh[near] = -1.0
    rest = tuple(set(range(50)) - set(near))
    caps = found(flows_wh, [Vdg("near", 0, tuple(near)), Vdg("far", 1, rest)], limits)
    assert set(caps) == {"far"}
    assert "voltage high at bus Node_00011" in caps["far"].reason


def test_where_no_cap_is_enough_the_reason_says_so() -> None:
    caps = found(EVENING_WH, [Vdg("few", 0, (0, 1))])
    assert caps == {"few": Cap(0, 0, caps["few"].reason)}
    assert caps["few"].reason.endswith("no cap is enough")


def test_homes_that_were_switched_count_on_the_phase_they_are_on() -> None:
    flows_wh = np.full(50, 400.0)
    assert holds(flows_wh)
    everybody_on_a = np.zeros(50, np.intp)
    assert not holds(flows_wh, everybody_on_a)
    caps = least_caps(GRID, Forecast(flows_wh, everybody_on_a), ONE)
    assert caps["lilas"].import_wh < 400
