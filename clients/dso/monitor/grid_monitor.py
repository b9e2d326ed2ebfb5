"""Whether a slot's flows must be controlled, and what each PCC may then draw (thesis, chapter 6; MODEL section 9)."""

from __future__ import annotations

import numpy as np

from clients.common.grid.allowed import Allowance, allowed_aggregates
from clients.common.grid.grid import PHASE_CODES, Grid
from clients.common.grid.limits import KEPT, WATCHED, Limits, breaches
from clients.common.grid.network import Network
from clients.common.slots import SLOTS_PER_HOUR
from clients.dso.control.constraint import Cause, Demand, SlotView, pcc_name
from clients.dso.monitor.measured import Measured
from wire.control import ControlReason, PccLimit

# A slot stands for ten minutes of the grid, however long it lasts here.
SLOT_SECONDS = 600
_MAX_REASON_CHARACTERS = 200
_STAYS = "control stays after: "


class GridMonitor:
    """Control starts when the last slot reached 9 % of deviation or 70 % of a thermal limit, or the next one will.

    And it stays for the slot after one in which it had to move flows to the end: what was measured then is what control
    has achieved. What was measured counts first. What will be is the solution of the network with the homes'
    commitments; a home that has committed nothing is taken to draw nothing.
    """

    def __init__(self, network: Network, watched: Limits = WATCHED, limits: Limits = KEPT) -> None:
        """Watch ``network``: control starts where ``watched`` is reached, and keeps to ``limits``.

        Raises:
            clients.common.grid.fault.BadNetwork: it has faults; all are listed.
        """
        self._grid = Grid(network)
        self._watched = watched
        self._limits = limits
        self._measured = Measured(network, watched)

    def demand(self, view: SlotView) -> Demand | None:
        """Why and how a slot's flows must be controlled; None if they needn't be."""
        phases = self._phases(view)
        planned_w = np.array(
            [view.committed_wh.get(home.id, 0) * SLOTS_PER_HOUR for home in self._grid.network.homes], np.float64
        )
        cause = self._reached(view) or self._forecast(view, planned_w, phases) or _staying(view)
        if cause is None:
            return None
        allowances = allowed_aggregates(
            self._grid, planned_w, phases=phases, limits=self._limits, slot_seconds=SLOT_SECONDS
        )
        limits = tuple(_limit(allowance) for allowance in allowances)
        return Demand(view.slot, cause.reason, limits, cause.why)

    def _phases(self, view: SlotView) -> list[int]:
        return [PHASE_CODES[view.phases.get(home.id, home.phase)] for home in self._grid.network.homes]

    def _reached(self, view: SlotView) -> Cause | None:
        own = {home.id: home.phase for home in self._grid.network.homes}
        breach = self._measured.worst(view.slot - 1, view.last, view.voltages_mv, {**own, **view.phases})
        if breach is None:
            return None
        voltage = breach.kind.startswith("voltage")
        reason = ControlReason.CONTROL_REASON_VOLTAGE if voltage else ControlReason.CONTROL_REASON_CURRENT
        return Cause(reason, breach.as_text())

    def _forecast(self, view: SlotView, planned_w: np.ndarray, phases: list[int]) -> Cause | None:
        found = breaches(self._grid.solve(planned_w[None], phases=phases), self._watched)
        if not found:
            return None
        return Cause(ControlReason.CONTROL_REASON_FORECAST, found[0]._replace(slot=view.slot).as_text())


def _staying(view: SlotView) -> Cause | None:
    if view.held is None:
        return None
    return view.held._replace(why=f"{_STAYS}{view.held.why.removeprefix(_STAYS)}")


def _limit(allowance: Allowance) -> PccLimit:
    """(6.7) for a PCC: no limit on a side on which nothing was met."""
    bounds = allowance.together
    lower, upper = bool(bounds.min_reason), bool(bounds.max_reason)
    return PccLimit(
        pcc_name(allowance.feeder, allowance.phase),
        len(allowance.households),
        lower,
        bounds.min_wh if lower else 0,
        upper,
        bounds.max_wh if upper else 0,
        bounds.min_reason[:_MAX_REASON_CHARACTERS],
        bounds.max_reason[:_MAX_REASON_CHARACTERS],
    )
