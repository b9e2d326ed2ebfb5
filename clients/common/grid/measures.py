"""Voltages, currents, losses and loadings from the currents that homes draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clients.common.grid.admittance import Admittance, Complex, idle_siemens, type_ohm_per_km, winding_ohm
from clients.common.grid.feeders import heads
from clients.common.grid.network import Network
from clients.common.grid.solution import Failure, Real, Solution

_ROTATE = np.exp(2j * np.pi / 3)
_POSITIVE = np.array([1, _ROTATE, _ROTATE**2]) / 3
_NEGATIVE = np.array([1, _ROTATE**2, _ROTATE]) / 3


class Measures:
    """The constants of a network that measuring needs."""

    def __init__(self, network: Network) -> None:
        self._network = network
        lines = network.lines
        self._ohm = np.array([type_ohm_per_km(line.type) * (line.length_m / 1000) for line in lines]).reshape(-1, 4, 4)
        limits_a = [[*(3 * [line.type.phase_limit_a]), line.type.neutral_limit_a] for line in lines]
        self._limits_a = np.array(limits_a, np.float64).reshape(-1, 4)
        self._low = network.buses.index(network.transformer.low_bus)
        self._heads = [lines.index(line) for line, _ in heads(network)]
        self._outward = np.array([1.0 if outward else -1.0 for _, outward in heads(network)])
        self._winding_ohm = winding_ohm(network)
        self._idle_siemens = idle_siemens(network)

    def of(
        self,
        wires: Admittance,
        drawn_a: Complex,
        home_bus: NDArray[np.intp],
        on: NDArray[np.intp],
        failures: tuple[Failure, ...],
    ) -> Solution:
        """Measure slots whose drawn currents are (slots, ports of ``wires``); NaN gives NaN.

        ``home_bus`` (homes,) numbers each home's bus, ``on`` (slots, homes) its phase as in `Grid.solve`.
        """
        slots = len(drawn_a)
        bus_v = wires.bus_v.at(drawn_a).reshape(slots, len(self._network.buses), 3)
        line_a = wires.line_a.at(drawn_a).reshape(slots, len(self._network.lines), 4)
        winding_a = wires.winding_a.at(drawn_a)
        star_v = bus_v[:, self._low]
        # Into the network flows what the winding gives less what its no-load loss and magnetising take.
        low_va = star_v * np.conj(winding_a - self._idle_siemens * star_v)
        high_va = wires.high_v.at(drawn_a) * np.conj(wires.high_a.at(drawn_a))
        drop_v = np.einsum("lij,slj->sli", self._ohm, line_a)
        loss_w = (drop_v * line_a.conj()).real.sum(axis=1)
        outward_a = line_a[:, self._heads, :3] * self._outward[:, None]
        magnitude_a = np.abs(line_a)
        copper_w = self._winding_ohm.real * (np.abs(winding_a) ** 2).sum(axis=1)
        iron_w = self._idle_siemens.real * (np.abs(star_v) ** 2).sum(axis=1)
        phase_neutral_v = np.abs(bus_v)
        return Solution(
            network=self._network,
            phase_neutral_v=phase_neutral_v,
            vuf_percent=100 * np.abs(bus_v @ _NEGATIVE) / np.abs(bus_v @ _POSITIVE),
            line_phase_a=magnitude_a[:, :, :3],
            line_neutral_a=magnitude_a[:, :, 3],
            loading_percent=100 * (magnitude_a / self._limits_a).max(axis=2),
            line_phases_loss_w=loss_w[:, :3].sum(axis=1),
            line_neutral_loss_w=loss_w[:, 3],
            transformer_loss_w=copper_w + iron_w,
            transformer_high_w=high_va.real,
            transformer_low_w=low_va.real,
            transformer_low_va=np.abs(low_va),
            feeder_w=(star_v[:, None] * outward_a.conj()).real,
            home_v=_home_v(phase_neutral_v, home_bus, on),
            failures=failures,
        )


def _home_v(phase_neutral_v: Real, home_bus: NDArray[np.intp], on: NDArray[np.intp]) -> Real:
    at_home_v = phase_neutral_v[:, home_bus]
    one_v = np.take_along_axis(at_home_v, np.minimum(on, 2)[:, :, None], axis=2)[:, :, 0]
    return np.where(on == 3, at_home_v.mean(axis=2), one_v)
