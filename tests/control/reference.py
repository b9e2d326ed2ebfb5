"""The same results by other hands: a home's costs in plain numbers, and a session as one convex program."""

from __future__ import annotations

from typing import Any

import clarabel
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tests.control.cases import File

_SCALE_WH = 100.0


def cost_neur(home: dict[str, Any], flow_wh: float, signal_neur_per_wh: float = 0.0) -> float:
    """(6.10) with (6.3), (6.4), (6.5) and (6.6) as printed, without the constant reward R."""
    battery = home["battery"] or {"cost_quadratic": 0.0, "cost_linear": 0.0}
    battery_apart = home["net_load_wh"] - flow_wh - home["planned_battery_wh"]
    beyond = flow_wh - home["market_wh"]
    price = home["supplier_price_neur_per_wh"] if beyond >= 0 else home["feed_in_tariff_neur_per_wh"]
    wear = float(battery["cost_quadratic"] * battery_apart**2 + battery["cost_linear"] * battery_apart)
    electricity = float(beyond * price + home["market_wh"] * home["market_price_neur_per_wh"])
    reward = float(home["reward_quadratic"] * (flow_wh - home["committed_wh"]) ** 2)
    return wear + electricity + reward + signal_neur_per_wh * flow_wh


def limits_wh(home: dict[str, Any]) -> tuple[float, float]:
    """(6.2) and (6.9)."""
    battery = home["battery"] or {"min_wh": 0.0, "max_wh": 0.0}
    low = max(home["net_load_wh"] - battery["max_wh"], -home["max_grid_wh"])
    return low, min(home["net_load_wh"] - battery["min_wh"], home["max_grid_wh"])


def equilibrium_wh(file: File) -> NDArray[np.float64]:
    """Each home's flow where all costs together are least under (6.7).

    The distribution fee makes the game a potential one: with ``D A(x)^2 / (2 H)`` a PCC added to the costs, the
    minimum's first-order conditions are those of (6.13), with the average as given. Variables: flows, then what each
    home pays beyond its market commitment.
    """
    homes, fee = file["households"], file["distribution_fee"]
    count = len(homes)
    quadratic, linear = np.zeros((2 * count, 2 * count)), np.zeros(2 * count)
    linear[count:] = 1.0
    rows, bounds = [], []

    def at_most(row: NDArray[np.float64], bound: float) -> None:
        rows.append(row)
        bounds.append(bound)

    unit = np.eye(2 * count)
    for index, home in enumerate(homes):
        battery = home["battery"] or {"cost_quadratic": 0.0, "cost_linear": 0.0}
        a, b, reward = battery["cost_quadratic"], battery["cost_linear"], home["reward_quadratic"]
        quadratic[index, index] += 2 * (a + reward)
        apart = home["net_load_wh"] - home["planned_battery_wh"]
        linear[index] = -2 * a * apart - b - 2 * reward * home["committed_wh"]
        for price in (home["supplier_price_neur_per_wh"], home["feed_in_tariff_neur_per_wh"]):
            at_most(price * unit[index] - unit[count + index], price * home["market_wh"])
        low, high = limits_wh(home)
        at_most(unit[index], high)
        at_most(-unit[index], -low)
    for pcc in file["pcc"]:
        members = np.array([float(home["pcc"] == pcc["id"]) for home in homes] + [0.0] * count)
        quadratic += fee / count * np.outer(members, members)
        at_most(members, pcc["max_wh"])
        at_most(-members, -pcc["min_wh"])
    return _least(quadratic, linear, np.array(rows), np.array(bounds))[:count]


def _least(
    quadratic: NDArray[np.float64], linear: NDArray[np.float64], rows: NDArray[np.float64], bounds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solved with flows in hundreds of Wh and rows of length one, so that the numbers are of one size."""
    count = len(linear) // 2
    units = np.concatenate([np.full(count, _SCALE_WH), np.full(count, _SCALE_WH * 1e5)])
    scaled = rows * units
    lengths = np.linalg.norm(scaled, axis=1)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-10
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(quadratic * np.outer(units, units) / 1e7)),
        linear * units / 1e7,
        sparse.csc_matrix(scaled / lengths[:, None]),
        bounds / lengths,
        [clarabel.NonnegativeConeT(len(bounds))],
        settings,
    )
    solution = solver.solve()
    if solution.status not in (clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved):
        raise AssertionError(f"the reference solver gave up: {solution.status}")
    found: NDArray[np.float64] = np.array(solution.x, dtype=np.float64) * units
    return found
