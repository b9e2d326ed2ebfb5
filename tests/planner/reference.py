"""The same plans by another hand: other variables, another kind of solver (Clarabel's interior point), nothing shared.

There is no variable for stored energy: it is (4.4c)'s cumulative sum, written out densely. A plan's
file is read as plain data.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import clarabel
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tests.planner.cases import File

Matrix = NDArray[np.float64]


class Reference:
    """Inequalities A x <= b and equalities, gathered row by row over a fixed number of variables."""

    def __init__(self, variables: int) -> None:
        self.cost = np.zeros(variables)
        self.equal: list[tuple[Matrix, Matrix]] = []
        self.at_most: list[tuple[Matrix, Matrix]] = []

    def least(self) -> float | None:
        """The least cost; None if nothing satisfies the constraints."""
        equal_a = np.vstack([a for a, _ in self.equal])
        equal_b = np.concatenate([np.atleast_1d(b) for _, b in self.equal])
        most_a = np.vstack([a for a, _ in self.at_most])
        most_b = np.concatenate([np.atleast_1d(b) for _, b in self.at_most])
        scale = float(np.abs(self.cost).max()) or 1.0
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-10
        settings.max_iter = 400
        count = len(self.cost)
        solver = clarabel.DefaultSolver(
            sparse.csc_matrix((count, count)),
            self.cost / scale,
            sparse.csc_matrix(np.vstack([equal_a, most_a])),
            np.concatenate([equal_b, most_b]),
            [clarabel.ZeroConeT(len(equal_b)), clarabel.NonnegativeConeT(len(most_b))],
            settings,
        )
        solution = solver.solve()
        if solution.status == clarabel.SolverStatus.PrimalInfeasible:
            return None
        known = (clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved)
        if solution.status not in known:
            raise AssertionError(f"the reference solver gave up: {solution.status}")
        return float(solution.obj_val) * scale


def least_cost(file: File, *, exclusive: bool = False) -> float | None:
    """The least cost of a file's problem, without cars, heat and appliances; None if it is infeasible.

    ``exclusive``: neither buy and sell nor charge and discharge in one slot, by trying all combinations (few slots!).
    """
    batteries: list[dict[str, Any]] = file.get("batteries") or ([file["battery"]] if file.get("battery") else [])
    slots = len(file["load_wh"])
    if not exclusive:
        return _least(file, batteries, None)
    choices = product((0, 1), repeat=slots * (1 + len(batteries)))
    costs = [_least(file, batteries, np.reshape(choice, (1 + len(batteries), slots))) for choice in choices]
    return min((cost for cost in costs if cost is not None), default=None)


def _least(file: File, batteries: list[dict[str, Any]], off: NDArray[np.int_] | None) -> float | None:
    slots = len(file["load_wh"])
    hours = file["slot_seconds"] / 3600
    load, pv = np.array(file["load_wh"], float), np.array(file["pv_wh"], float)
    one = np.eye(slots)
    blocks = 2 + 2 * len(batteries)

    def over(**parts: Matrix) -> Matrix:
        """A row block: parts by ``v<number of the variable block>``."""
        return np.hstack(
            [parts.get(f"v{index}", np.zeros((next(iter(parts.values())).shape[0], slots))) for index in range(blocks)]
        )

    model = Reference(blocks * slots)
    surplus = pv > load
    model.cost[:slots] = file["buy_price_neur_per_wh"]
    model.cost[slots : 2 * slots] = -np.where(surplus, file["sell_price_neur_per_wh"], 0.0)
    balance = {"v0": one, "v1": -one}
    limit = file["grid_limit_w"] * hours
    bounds = [(np.zeros(slots), np.full(slots, limit)), (np.zeros(slots), np.full(slots, limit))]
    if off is not None:
        bounds = [(low, np.where(off[0] == side, 0.0, high)) for side, (low, high) in enumerate(bounds)]
    for index, battery in enumerate(batteries):
        charge, discharge = 2 + 2 * index, 3 + 2 * index
        power = np.full(slots, battery["power_w"] * hours)
        for side in (0, 1):
            bounds.append((np.zeros(slots), power if off is None else np.where(off[1 + index] == side, 0.0, power)))
        model.cost[charge * slots : (discharge + 1) * slots] = battery.get("wear_neur_per_wh", 0.0)
        balance |= {f"v{charge}": -one, f"v{discharge}": one}
        sums = np.tril(np.ones((slots, slots)))
        stored = over(
            **{
                f"v{charge}": sums * battery.get("charge_efficiency", 1.0),
                f"v{discharge}": -sums / battery.get("discharge_efficiency", 1.0),
            }
        )
        start, capacity = battery["energy_wh"], battery["capacity_wh"]
        model.at_most.append((stored, np.full(slots, battery["max_soc"] * capacity - start)))
        model.at_most.append((-stored, np.full(slots, start - battery["min_soc"] * capacity)))
        model.equal.append((stored[-1:], np.array([battery.get("end_energy_wh", start) - start])))
        if "max_cycles" in battery:
            moved = over(**{f"v{charge}": np.ones((1, slots)), f"v{discharge}": np.ones((1, slots))})
            model.at_most.append((moved, np.array([2 * capacity * battery["max_cycles"]])))
    model.equal.append((over(**balance), load - pv))
    identity = np.eye(blocks * slots)
    model.at_most.append((identity, np.concatenate([high for _, high in bounds])))
    model.at_most.append((-identity, -np.concatenate([low for low, _ in bounds])))
    return model.least()
