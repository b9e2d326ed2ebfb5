"""Slots in which homes answer a signal: what the DSO watches, allows and asks, and what then flows (chapter 6)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from clients.common.grid.allowed import Allowance, allowed_aggregates
from clients.common.grid.grid import Grid
from clients.common.grid.limits import Limits, used
from clients.dso.control.constraint import Constraint
from clients.dso.control.law_name import LawName
from clients.dso.control.staying import still_needed
from clients.household.response.best_response import best_response
from clients.household.response.homes import Homes
from node.control_session.session import Outcome, Session, run_session
from studies.arrays import SLOTS, W_PER_WH, Real, Whole
from studies.batteries import Batteries
from studies.day import Commitments
from studies.flexibility import Flexibility
from studies.switching import Phases, Switching

_TOLERANCE_WH = 0.1
_MAX_ITERATIONS = 500


class Watch(NamedTuple):
    """Where control starts, and what must hold.

    ``stays``: after a session whose signals weren't zero the next slot has one too, though the last slot then shows
    nothing that would start it: that is what control has achieved. Without it control goes on and off.
    """

    start: Limits
    limits: Limits
    stays: bool


class Held(NamedTuple):
    """One session: its status and iterations under the default law and under the thesis's."""

    slot: int
    status: str
    iterations: int
    thesis_iterations: int
    unattainable_wh: float


class Controlled:
    """Lives slots for one day: phases first, then watching, then control where it must be."""

    def __init__(
        self,
        grid: Grid,
        flexibility: Flexibility,
        watch: Watch,
        *,
        switched: Collection[int] = (),
        control: bool = True,
    ) -> None:
        """``switched``: the homes with a switch; without ``control`` homes hear no signal, whatever happens."""
        self._grid = grid
        self._flexibility = flexibility
        self._watch = watch
        self._switched = switched
        self._control = control
        self._switching = Switching(grid.network)
        self._phases: Phases = self._switching.own
        self._reached = False
        self._bound = False
        self.phases = np.zeros((SLOTS, len(grid.network.homes)), np.intp)
        self.sessions: list[Held] = []
        self.watched: list[int] = []

    def __call__(self, agreed: Commitments, batteries: Batteries) -> Real:
        """What the stores give in a slot."""
        if self._switched:
            self._phases = self._switching.allocated(self._phases, agreed.committed_wh, self._switched)
        self.phases[agreed.slot] = self._phases
        homes = self._flexibility.in_slot(agreed, batteries)
        flow_wh = best_response(homes, np.zeros(len(homes.net_load_wh)))
        due = self._reached or (self._watch.stays and self._bound)
        if due or self._exceeds(agreed.committed_wh, self._watch.start):
            self.watched.append(agreed.slot)
            if self._control:
                flow_wh = self._session(agreed, homes)
        else:
            self._bound = False
        self._reached = self._exceeds(flow_wh, self._watch.start)
        return batteries.possible_wh(homes.net_load_wh - flow_wh)

    def _exceeds(self, flow_wh: Real | Whole, limits: Limits) -> bool:
        solution = self._grid.solve(flow_wh[None] * W_PER_WH, phases=self._phases)
        return bool(used(solution, limits)[0] >= 1)

    def _session(self, agreed: Commitments, homes: Homes) -> Real:
        allowances = allowed_aggregates(
            self._grid, agreed.committed_wh * W_PER_WH, phases=self._phases, limits=self._watch.limits
        )
        session = Session(
            constraint=_constraint(allowances),
            homes=homes,
            pcc_of=_pcc_of(allowances, self._switching.ids),
            distribution_fee=0.0,
            tolerance_wh=_TOLERANCE_WH,
            max_iterations=_MAX_ITERATIONS,
            law=LawName.SECANT,
        )
        outcome = run_session(session)
        last_signal = outcome.signals_neur_per_wh[-1] if outcome.signals_neur_per_wh else ()
        self._bound = still_needed(last_signal, unattainable=bool(outcome.unattainable.any()))
        thesis = run_session(replace(session, law=LawName.THESIS))
        self.sessions.append(_held(agreed.slot, outcome, thesis))
        return outcome.flow_wh


def _constraint(allowances: tuple[Allowance, ...]) -> Constraint:
    """(6.7) for each PCC: no limit on a side on which nothing was met."""
    bounds = [allowance.together for allowance in allowances]
    return Constraint(
        np.array([one.min_wh if one.min_reason else -np.inf for one in bounds], np.float64),
        np.array([one.max_wh if one.max_reason else np.inf for one in bounds], np.float64),
    )


def _pcc_of(allowances: tuple[Allowance, ...], ids: list[str]) -> np.ndarray:
    number = {home: pcc for pcc, allowance in enumerate(allowances) for home in allowance.households}
    return np.array([number[home] for home in ids], np.intp)


def _held(slot: int, outcome: Outcome, thesis: Outcome) -> Held:
    iterations = len(outcome.signals_neur_per_wh), len(thesis.signals_neur_per_wh)
    missing = outcome.residual_wh if outcome.unattainable.any() else 0.0
    return Held(slot, outcome.status.value, *iterations, missing)
