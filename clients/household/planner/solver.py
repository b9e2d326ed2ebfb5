"""HiGHS, as far as plans need it."""

from __future__ import annotations

import highspy
import numpy as np

from clients.household.planner.model import Arrays
from clients.household.planner.vector import Indices, Vector

_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    # Homes are many and each program is small: one core each, and presolve would take longer than it saves.
    "threads": 1,
    "presolve": "off",
    "primal_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-9,
    "mip_rel_gap": 1e-8,
    "mip_abs_gap": 0.0,
}


class PlanningFailed(Exception):
    """The solver came to no plan: it ran out of time, or of numerical precision. The home goes on without one."""


class Solver:
    """One program at a time. Not for several threads at once."""

    def __init__(self, time_limit_seconds: float) -> None:
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]  # its stub leaves this one out
        for name, value in _OPTIONS.items():
            self._highs.setOptionValue(name, value)
        self._time_limit_seconds = time_limit_seconds
        self.proved = True

    def load(self, arrays: Arrays) -> None:
        """Take a program; the one before is forgotten."""
        self.proved = True
        whole = bool(arrays.integer.any())
        # Presolve pays where there are binaries.
        self._highs.setOptionValue("presolve", "on" if whole else "off")
        # HiGHS counts the time of all its runs together.
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + self._time_limit_seconds)
        self._highs.passModel(
            len(arrays.cost),
            len(arrays.row_lower),
            len(arrays.values),
            highspy.MatrixFormat.kColwise.value,
            highspy.ObjSense.kMinimize.value,
            0.0,
            arrays.cost,
            arrays.lower,
            arrays.upper,
            arrays.row_lower,
            arrays.row_upper,
            arrays.starts,
            arrays.rows,
            arrays.values,
            arrays.integer,
        )

    def minimise(self, cost: Vector) -> None:
        """Change the objective of the loaded program."""
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def cap(self, row: Indices, upper: float) -> None:
        """Bound a row of the loaded program from above."""
        self._highs.changeRowBounds(int(row[0]), -highspy.kHighsInf, upper)

    def fix(self, columns: Indices, values: Vector) -> None:
        """Fix whole columns at values, which makes a linear program of the loaded one."""
        self._change(columns, values, values, highspy.HighsVarType.kContinuous)
        self._highs.setOptionValue("presolve", "off")

    def free(self, columns: Indices) -> None:
        """Make columns binary again that were fixed."""
        self._change(columns, np.zeros(len(columns)), np.ones(len(columns)), highspy.HighsVarType.kInteger)
        self._highs.setOptionValue("presolve", "on")

    def _change(self, columns: Indices, lower: Vector, upper: Vector, kind: highspy.HighsVarType) -> None:
        kinds = np.full(len(columns), kind.value, dtype=np.uint8)
        self._highs.changeColsIntegrality(len(columns), columns, kinds)
        self._highs.changeColsBounds(len(columns), columns, lower, upper)

    def solution(self) -> Vector | None:
        """The optimum of the loaded program; None if nothing satisfies it.

        If the time ran out with a solution in hand, that is given, and ``proved`` is False.

        Raises: PlanningFailed.
        """
        self._highs.run()
        status = self._highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            info = self._highs.getInfo()
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                raise PlanningFailed(f"HiGHS found no plan: {self._highs.modelStatusToString(status)}")
            self.proved = False
        return np.array(self._highs.getSolution().col_value)
