"""The four-wire, three-phase flows of many slots at once.

Homes take constant power, so the currents at ports are a fixed point: ``i = conj(s / v)`` with ``v`` affine in ``i``.
The map contracts while the drop is small beside the voltage, that is wherever a real network is run, by about the
drop's share per iteration; all slots iterate together, each until it is done.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clients.common.grid.admittance import Admittance, Complex, assemble
from clients.common.grid.measures import Measures
from clients.common.grid.network import PHASES, THREE_PHASE, Network
from clients.common.grid.solution import Failure, Real, Solution, join
from clients.common.grid.validation import check

PHASE_CODES = {phase: code for code, phase in enumerate((*PHASES, THREE_PHASE))}
_ALL_THREE = PHASE_CODES[THREE_PHASE]

_MAX_ITERATIONS = 150
_TOLERANCE = 1e-11
# Of the nominal voltage: below it a result is no state that a network is run in.
_COLLAPSED = 0.3
# So many slots are solved together: enough to keep the processor busy, few enough to stay in its cache.
_SLOTS_AT_ONCE = 1024


class Grid:
    """A network that is ready to be solved, any number of times."""

    def __init__(self, network: Network) -> None:
        """Prepare ``network``.

        Raises:
            clients.common.grid.fault.BadNetwork: it has faults; all are listed.
        """
        self.network = check(network)
        self._wires = assemble(network)
        self._measures = Measures(network)
        port_of = {bus: number for number, bus in enumerate(self._wires.home_buses)}
        self._home_port = np.array([port_of[home.bus] for home in network.homes], np.intp)
        self._home_bus = np.array([network.buses.index(home.bus) for home in network.homes], np.intp)
        self._phases = np.array([PHASE_CODES[home.phase] for home in network.homes], np.intp)

    def solve(self, p_w: ArrayLike, q_var: ArrayLike | None = None, phases: ArrayLike | None = None) -> Solution:
        """Solve each slot by itself; a slot without a solution is among the solution's failures.

        Args:
            p_w: active power that each home takes (negative: gives), shape (slots, homes) in the network's order.
            q_var: reactive power, the same shape; none if left out.
            phases: the phase that each home is on (0, 1, 2 for a, b, c; 3 for all three), shape (slots, homes) or
                (homes,); the network's own if left out.

        Raises:
            ValueError: a shape is wrong, a power isn't finite or a phase isn't 0 to 3.
        """
        power_va, on = self._inputs(p_w, q_var, phases)
        port_va = self._port_va(power_va, on)
        used = np.flatnonzero(port_va.any(axis=0))
        wires = self._wires.for_ports(used)
        parts = []
        for first in range(0, max(len(port_va), 1), _SLOTS_AT_ONCE):
            slots = slice(first, first + _SLOTS_AT_ONCE)
            parts.append(self._solve_part(wires, used, port_va[slots], on[slots], first))
        return join(parts)

    def _inputs(
        self, p_w: ArrayLike, q_var: ArrayLike | None, phases: ArrayLike | None
    ) -> tuple[Complex, NDArray[np.intp]]:
        active_w = np.asarray(p_w, np.float64)
        if active_w.ndim != 2 or active_w.shape[1] != len(self._phases):
            raise ValueError(f"p_w has the shape {active_w.shape}, not (slots, {len(self._phases)})")
        reactive_var = np.zeros_like(active_w) if q_var is None else np.asarray(q_var, np.float64)
        if reactive_var.shape != active_w.shape:
            raise ValueError(f"q_var has the shape {reactive_var.shape}, not p_w's {active_w.shape}")
        if not (np.isfinite(active_w).all() and np.isfinite(reactive_var).all()):
            raise ValueError("a power is not a finite number")
        on = self._phases if phases is None else np.asarray(phases, np.intp)
        if ((on < 0) | (on > _ALL_THREE)).any():
            raise ValueError(f"a phase is not 0 to {_ALL_THREE}")
        return active_w + 1j * reactive_var, np.broadcast_to(on, active_w.shape)

    def _port_va(self, power_va: Complex, on: NDArray[np.intp]) -> Complex:
        """What homes take at each port: (slots, ports)."""
        buses = len(self._wires.home_buses)
        at_bus = np.zeros((len(self._home_port), buses))
        at_bus[np.arange(len(self._home_port)), self._home_port] = 1
        port_va = np.zeros((len(power_va), buses, 3), np.complex128)
        for phase in range(3):
            share = (on == phase) + (on == _ALL_THREE) / 3
            port_va[:, :, phase] = (power_va * share) @ at_bus
        return port_va.reshape(len(power_va), 3 * buses)

    def _solve_part(
        self, wires: Admittance, used: NDArray[np.intp], port_va: Complex, on: NDArray[np.intp], first: int
    ) -> Solution:
        drawn_a, errors = self._drawn_a(wires, port_va[:, used])
        failed = np.flatnonzero(errors.max(axis=1, initial=0.0) > 0)
        failures = []
        for slot in failed:
            port = int(used[errors[slot].argmax()])
            failures.append(Failure(first + int(slot), self._wires.home_buses[port // 3], PHASES[port % 3]))
        return self._measures.of(wires, drawn_a, self._home_bus, on, tuple(failures))

    def _drawn_a(self, wires: Admittance, port_va: Complex) -> tuple[Complex, Real]:
        """The currents drawn at ports, NaN in slots without a solution, whose last relative change is the error."""
        nominal_v = self.network.nominal_v
        drawn_a = np.zeros_like(port_va)
        errors = np.zeros(port_va.shape)
        active = np.arange(len(port_va))
        volts = np.broadcast_to(wires.port_v.idle, port_va.shape).copy()
        for _ in range(_MAX_ITERATIONS):
            if not active.size:
                break
            with np.errstate(all="ignore"):
                current = np.conj(port_va[active] / volts[active])
                after = wires.port_v.at(current)
                change = np.abs(after - volts[active]) / nominal_v
            drawn_a[active], volts[active] = current, after
            change[~np.isfinite(change)] = np.inf
            errors[active] = change
            active = active[change.max(axis=1, initial=0.0) > _TOLERANCE]
        failed = np.zeros(len(port_va), bool)
        failed[active] = True
        low = np.abs(volts) < _COLLAPSED * nominal_v
        failed |= low.any(axis=1)
        errors[~failed] = 0
        drawn_a[failed] = np.nan
        return drawn_a, errors
