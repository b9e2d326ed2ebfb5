"""A home's best response is the minimum of its costs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from clients.household.response.best_response import best_response
from tests.control.cases import session_file, session_of
from tests.control.reference import cost_neur, limits_wh

MICROSECONDS_A_HOME = 20

energies = st.floats(-1000, 1000)
curvatures = st.floats(0.5, 2000)


@st.composite
def homes(draw: st.DrawFn) -> dict[str, Any]:
    net_load_wh = draw(energies)
    low, high = sorted((draw(energies), draw(energies)))
    tariff, price = sorted((draw(st.floats(0, 600_000)), draw(st.floats(0, 600_000))))
    return {
        "id": "h",
        "pcc": "a",
        "net_load_wh": net_load_wh,
        "planned_battery_wh": draw(energies),
        "market_wh": draw(energies),
        "market_price_neur_per_wh": 300_000,
        "committed_wh": draw(energies),
        "battery": {
            "min_wh": low,
            "max_wh": high,
            "cost_quadratic": draw(curvatures),
            "cost_linear": draw(st.floats(-50_000, 50_000)),
        },
        "reward_quadratic": draw(st.floats(0, 500)),
        "supplier_price_neur_per_wh": price,
        "feed_in_tariff_neur_per_wh": tariff,
        # Wide enough for one flow at least.
        "max_grid_wh": max(0.0, net_load_wh - high, low - net_load_wh) + draw(st.floats(0, 500)),
    }


def response_wh(home: dict[str, Any], signal: float) -> float:
    arrays = session_of({"pcc": [{"id": "a"}], "households": [home]}).homes
    return float(best_response(arrays, np.array([signal]))[0])


@settings(max_examples=150, deadline=None)
@given(homes(), st.floats(-2e6, 2e6))
def test_no_flow_within_the_limits_costs_less(home: dict[str, Any], signal: float) -> None:
    low, high = limits_wh(home)
    flow_wh = response_wh(home, signal)
    assert low - 1e-6 <= flow_wh <= high + 1e-6
    least = cost_neur(home, flow_wh, signal)
    allowed = [*np.linspace(low, high, 101), np.clip(home["market_wh"], low, high)]
    searched = minimize_scalar(lambda flow: cost_neur(home, flow, signal), bounds=(low, high), method="bounded")
    allowed.append(np.clip(searched.x, low, high))
    slack = 1e-9 * (abs(least) + 1e9)
    assert least <= min(cost_neur(home, float(flow), signal) for flow in allowed) + slack


@settings(max_examples=50, deadline=None)
@given(homes(), st.floats(-2e6, 2e6), st.floats(0, 1e6))
def test_a_higher_signal_never_raises_the_flow_and_lowers_it_at_most_as_steeply_as_declared(
    home: dict[str, Any], signal: float, rise: float
) -> None:
    arrays = session_of({"pcc": [{"id": "a"}], "households": [home]}).homes
    fall = response_wh(home, signal) - response_wh(home, signal + rise)
    assert -1e-6 <= fall <= float(arrays.steepest_wh[0]) * rise + 1e-6


def test_a_home_keeps_its_market_commitment_while_the_signal_is_small_beside_the_prices() -> None:
    home = session_file(1)["households"][0] | {"net_load_wh": -300, "planned_battery_wh": 0, "market_wh": -300}
    home |= {"committed_wh": -300, "battery": {"min_wh": -500, "max_wh": 500, "cost_quadratic": 100, "cost_linear": 0}}
    assert [response_wh(home, signal) for signal in (-449_000, -300_000, -151_000)] == [-300, -300, -300]
    assert response_wh(home, -460_000) > -300 > response_wh(home, -140_000)


def test_a_home_without_a_battery_does_what_it_must() -> None:
    home = session_file(1)["households"][0] | {"net_load_wh": -300, "planned_battery_wh": 0, "battery": None}
    home |= {"reward_quadratic": 0}
    assert [response_wh(home, signal) for signal in (-1e9, 0, 1e9)] == [-300, -300, -300]


@pytest.mark.parametrize("households", [50, 10_000])
def test_a_response_takes_less_than_20_microseconds_a_home(households: int) -> None:
    arrays = session_of(session_file(1, households=households)).homes
    signal = np.zeros(households)
    started = time.thread_time()
    for _ in range(20):
        best_response(arrays, signal)
    assert (time.thread_time() - started) / 20 / households < MICROSECONDS_A_HOME * 1e-6
