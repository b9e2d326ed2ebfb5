"""From a problem to its plan."""

from __future__ import annotations

import numpy as np

from clients.household.planner.limit import Limit
from clients.household.planner.model import Arrays
from clients.household.planner.plan import Plan, Status
from clients.household.planner.problem import Problem
from clients.household.planner.program import Program
from clients.household.planner.solver import PlanningFailed, Solver
from clients.household.planner.vector import Indices, Vector

# What a limit that gave may be exceeded by beyond its least (a share of it, and in its unit), so that the next step
# isn't infeasible by rounding.
_GIVEN_SHARE, _GIVEN = 1e-9, 1e-6
# Less than this (in a limit's unit) is rounding.
_NOTHING = 1e-9


class Planner:
    """Solves problems, one at a time; keep one, since starting the solver costs more than a plan."""

    def __init__(self, time_limit_seconds: float = 10.0) -> None:
        self._solver = Solver(time_limit_seconds)

    def plan(self, problem: Problem) -> Plan:
        """The cheapest plan within all limits; if there is none, the cheapest of those that exceed them least.

        Raises: PlanningFailed if the solver gives up; the home then goes on without a plan.
        """
        program = Program(problem, elastic=False, exclusive=False)
        x = self._cheapest(program)
        if x is not None and program.overlaps(x):
            program = Program(problem, elastic=False, exclusive=True)
            x = self._cheapest(program)
        if x is None:
            return self._relaxed(problem)
        return program.plan(x, Status.OPTIMAL if self._solver.proved else Status.UNPROVED, ())

    def _cheapest(self, program: Program) -> Vector | None:
        arrays, _ = program.model.compiled()
        self._solver.load(arrays)
        return self._whole(arrays)

    def _whole(self, arrays: Arrays) -> Vector | None:
        """The optimum of the loaded program; with its binaries at 0 and 1 exactly, where it has any.

        A binary within the solver's tolerance of 0 would leave a gap times a flow's bound.
        """
        binaries = np.flatnonzero(arrays.integer).astype(np.int32)
        if not len(binaries):
            return self._solver.solution()
        self._solver.dive(binaries)
        x = self._solver.solution()
        if x is None:
            return None
        proved = self._solver.proved
        self._solver.fix(binaries, np.round(x[binaries]))
        exact = self._solver.solution()
        self._solver.free(binaries)
        self._solver.proved = proved
        return x if exact is None else exact

    def _relaxed(self, problem: Problem) -> Plan:
        program = Program(problem, elastic=True, exclusive=False)
        x, conflict = self._least_exceeding(program)
        if program.overlaps(x):
            program = Program(problem, elastic=True, exclusive=True)
            x, conflict = self._least_exceeding(program)
        # A limit may be out of reach by less than a violation: a battery that is found a hair below its band.
        if not program.relaxations(x):
            return program.plan(x, Status.OPTIMAL, ())
        return program.plan(x, Status.RELAXED, conflict)

    def _least_exceeding(self, program: Program) -> tuple[Vector, tuple[Limit, ...]]:
        """Exceed what gives last as little as possible, then what gives before it, and so on; then the cost."""
        arrays, totals = program.model.compiled()
        solver = self._solver
        solver.load(arrays)
        conflict = self._conflict(arrays, totals)
        x: Vector | None = None
        for limit in sorted(totals, reverse=True):
            exceeded = np.zeros(len(arrays.cost))
            for slack in program.model.slacks:
                if slack.limit is limit:
                    exceeded[slack.columns] = 1.0
            solver.minimise(exceeded)
            found = self._whole(arrays)
            if found is None:
                break
            x = found
            least = float(exceeded @ x)
            # A limit that can be held is held to the last digit: what it could give would be used.
            solver.cap(totals[limit], 0.0 if least < _NOTHING else least * (1.0 + _GIVEN_SHARE) + _GIVEN)
        solver.minimise(arrays.cost)
        cheapest = self._whole(arrays)
        if cheapest is not None:
            return cheapest, conflict
        if x is None:
            raise PlanningFailed("HiGHS found no plan although every limit may give")
        # Lost to rounding among the sums: what was found before holds as much, if not for the least money.
        return x, conflict

    def _conflict(self, arrays: Arrays, totals: dict[Limit, Indices]) -> tuple[Limit, ...]:
        """The limits of which any one alone, if it gave, would let all others hold."""
        solver = self._solver
        solver.minimise(np.zeros(len(arrays.cost)))
        for row in totals.values():
            solver.cap(row, 0.0)
        found = []
        for limit, row in totals.items():
            solver.cap(row, float("inf"))
            if solver.solution() is not None:
                found.append(limit)
            solver.cap(row, 0.0)
        for row in totals.values():
            solver.cap(row, float("inf"))
        return tuple(sorted(found))
