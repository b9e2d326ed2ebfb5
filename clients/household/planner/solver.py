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

_LOST = (highspy.HighsModelStatus.kUnknown, highspy.HighsModelStatus.kSolveError)

# A binary this close to 0 or 1 is whole.
_WHOLE = 1e-9


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
        self._binaries = False
        self._loaded: Arrays | None = None

    def load(self, arrays: Arrays) -> None:
        """Take a program; the one before is forgotten, unless only costs differ: then its solution is a good start."""
        self.proved = True
        before, self._loaded = self._loaded, arrays
        if before is not None and not arrays.integer.any() and _only_costs_differ(before, arrays):
            self.minimise(arrays.cost)
            return
        self._expect(binaries=bool(arrays.integer.any()))
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
        self._loaded = None
        self._highs.changeRowBounds(int(row[0]), -highspy.kHighsInf, upper)

    def fix(self, columns: Indices, values: Vector) -> None:
        """Fix whole columns at values, which makes a linear program of the loaded one."""
        self._change(columns, values, values, highspy.HighsVarType.kContinuous)

    def free(self, columns: Indices) -> None:
        """Make columns binary again that were fixed."""
        self._change(columns, np.zeros(len(columns)), np.ones(len(columns)), highspy.HighsVarType.kInteger)

    def dive(self, binaries: Indices) -> None:
        """Look for a solution to start from, so that there is one whenever the time runs out.

        Linear programs only: in each, of the binaries that are still between 0 and 1, the largest is set to 1, or to 0
        where nothing satisfies that. If this ends nowhere, the search begins without.
        """
        self._change(binaries, np.zeros(len(binaries)), np.ones(len(binaries)), highspy.HighsVarType.kContinuous)
        x = self.solution()
        while x is not None:
            values = x[binaries]
            between = np.where((values > _WHOLE) & (values < 1.0 - _WHOLE), values, 0.0)
            chosen = binaries[[int(between.argmax())]]
            if not between.any():
                break
            for value in (np.ones(1), np.zeros(1)):
                self._highs.changeColsBounds(1, chosen, value, value)
                x = self.solution()
                if x is not None:
                    break
        self.free(binaries)
        if x is not None:
            self._highs.setSolution(len(x), np.arange(len(x), dtype=np.int32), x)

    def _change(self, columns: Indices, lower: Vector, upper: Vector, kind: highspy.HighsVarType) -> None:
        self._loaded = None
        kinds = np.full(len(columns), kind.value, dtype=np.uint8)
        self._highs.changeColsIntegrality(len(columns), columns, kinds)
        self._highs.changeColsBounds(len(columns), columns, lower, upper)
        self._expect(binaries=kind is highspy.HighsVarType.kInteger)

    def _expect(self, *, binaries: bool) -> None:
        """Presolve pays only where there are binaries."""
        self._binaries = binaries
        self._highs.setOptionValue("presolve", "on" if binaries else "off")

    def _run(self) -> highspy.HighsModelStatus:
        """Run HiGHS, which counts the time of all its runs together for linear programs, but not for others."""
        limit = self._time_limit_seconds if self._binaries else self._highs.getRunTime() + self._time_limit_seconds
        self._highs.setOptionValue("time_limit", limit)
        self._highs.run()
        return self._highs.getModelStatus()

    def solution(self) -> Vector | None:
        """The optimum of the loaded program; None if nothing satisfies it.

        If the time ran out with a solution in hand, that is given, and ``proved`` is False.

        Raises: PlanningFailed.
        """
        status = self._run()
        if status in _LOST:
            # Its precision was lost on the way here from the solution before; so from the beginning, by another way.
            self._highs.clearSolver()
            self._highs.setOptionValue("presolve", "on")
            status = self._run()
            self._expect(binaries=self._binaries)
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            info = self._highs.getInfo()
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                raise PlanningFailed(f"HiGHS found no plan: {self._highs.modelStatusToString(status)}")
            self.proved = False
        return np.array(self._highs.getSolution().col_value)


def _only_costs_differ(one: Arrays, other: Arrays) -> bool:
    """Whether two programs have the same columns, rows and entries."""
    parts = ("lower", "upper", "integer", "row_lower", "row_upper", "starts", "rows", "values")
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in parts)
