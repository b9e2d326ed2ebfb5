"""A network as one linear system: voltages and currents everywhere from the currents that homes draw.

Kirchhoff's laws for every conductor, the neutral as a fourth one, give ``Y v = i``. Homes are the only part of a
network that isn't linear, so everything else is worked out once: each quantity is its value without homes plus a
matrix times the currents drawn at *ports*, a port being a phase and the neutral of a bus with a home.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, diags_array
from scipy.sparse.linalg import splu

from clients.common.grid.network import LineType, Network

Complex = NDArray[np.complex128]

FREQUENCY_HZ = 50.0
_TURN = np.exp(-2j * np.pi / 3 * np.arange(3))


@dataclass(frozen=True)
class Affine:
    """Quantities ``idle + drawn_a @ slope``; shapes (quantities,) and (ports, quantities)."""

    idle: Complex
    slope: Complex

    def at(self, drawn_a: Complex) -> Complex:
        """The quantities for the currents drawn at all ports, (slots, ports): (slots, quantities)."""
        return self.idle + drawn_a @ self.slope

    def for_ports(self, ports: NDArray[np.intp]) -> Affine:
        """The same where nothing is drawn at other ports."""
        return Affine(self.idle, np.ascontiguousarray(self.slope[ports]))


@dataclass(frozen=True)
class Admittance:
    """What a network's wires do. Port ``3 * i + k`` is phase k of ``home_buses[i]``; voltages in V, currents in A.

    ``port_v`` is phase to neutral at the ports; ``bus_v`` the same for each bus and phase; ``line_a`` the current
    through each line's four conductors from its ``from_bus``; ``winding_a`` the current that flows from each
    low-voltage winding into the network, no-load current apart; ``high_a`` the current into each high-voltage phase
    and ``high_v`` its voltage to earth.
    """

    home_buses: tuple[str, ...]
    port_v: Affine
    bus_v: Affine
    line_a: Affine
    winding_a: Affine
    high_a: Affine
    high_v: Affine

    def for_ports(self, ports: NDArray[np.intp]) -> Admittance:
        """The same where nothing is drawn at other ports than those numbered."""
        parts = {name: getattr(self, name).for_ports(ports) for name in _ELSEWHERE}
        port_v = self.port_v.for_ports(ports)
        return replace(self, port_v=Affine(port_v.idle[ports], port_v.slope[:, ports]), **parts)


_ELSEWHERE = ("bus_v", "line_a", "winding_a", "high_a", "high_v")


def type_ohm_per_km(kind: LineType) -> Complex:
    """The series impedance per km of conductors a, b, c and neutral: (4, 4)."""
    ohm = np.full((4, 4), kind.mutual_ohm_per_km, np.complex128)
    np.fill_diagonal(ohm, kind.phase_ohm_per_km)
    ohm[3, :3] = ohm[:3, 3] = kind.phase_neutral_ohm_per_km
    ohm[3, 3] = kind.neutral_ohm_per_km
    return ohm


def winding_ohm(network: Network) -> complex:
    """The transformer's leakage impedance, all of it seen from one low-voltage winding."""
    transformer = network.transformer
    base_ohm = transformer.low_voltage_v**2 / transformer.rating_va
    return complex(transformer.resistance_percent, transformer.reactance_percent) / 100 * base_ohm


def idle_siemens(network: Network) -> complex:
    """The admittance across one low-voltage winding that draws a phase's no-load loss and magnetising power."""
    transformer = network.transformer
    return complex(transformer.no_load_loss_w, -transformer.magnetising_var) / transformer.low_voltage_v**2


class Incidence:
    """Rows that each add up voltages of nodes. The star point is earth: it has no node and counts as 0 V."""

    def __init__(self, network: Network) -> None:
        star = (network.transformer.low_bus, 3)
        conductors = [(network.source.bus, phase) for phase in range(3)]
        conductors += [(bus, conductor) for bus in network.buses for conductor in range(4)]
        self._node = {place: node for node, place in enumerate(place for place in conductors if place != star)}
        self._entries: list[tuple[int, int, float]] = []
        self.rows = 0

    def add(self, *terms: tuple[str, int, float]) -> None:
        """A row; each term is a bus, a conductor (0 to 2 the phases, 3 the neutral) and a factor."""
        for bus, conductor, factor in terms:
            node = self._node.get((bus, conductor))
            if node is not None:
                self._entries.append((self.rows, node, factor))
        self.rows += 1

    def matrix(self) -> Any:
        """All rows so far, as a sparse matrix (rows, nodes)."""
        rows, nodes, factors = zip(*self._entries, strict=True)
        return csr_array((factors, (rows, nodes)), shape=(self.rows, len(self._node)), dtype=np.complex128)


def assemble(network: Network) -> Admittance:
    """The linear system of a network that `clients.common.grid.validation.check` has passed."""
    high, low = network.transformer.high_bus, network.transformer.low_bus
    turns = network.transformer.high_voltage_v / network.nominal_v
    branches = Incidence(network)
    siemens: list[Any] = []
    for phase in range(3):
        branches.add((high, phase, 1.0))
    source_siemens = 1 / complex(network.source.resistance_ohm, network.source.reactance_ohm)
    siemens.append(source_siemens * np.eye(3))
    for phase in range(3):
        # Dyn1: winding a stands on the high-voltage phases a and c, and so round.
        branches.add((high, phase, 1 / turns), (high, (phase - 1) % 3, -1 / turns), (low, phase, -1.0))
    siemens.append(np.eye(3) / winding_ohm(network))
    for line in network.lines:
        for conductor in range(4):
            branches.add((line.from_bus, conductor, 1.0), (line.to_bus, conductor, -1.0))
        siemens.append(np.linalg.inv(type_ohm_per_km(line.type) * (line.length_m / 1000)))
    in_series = branches.rows
    for phase in range(3):
        branches.add((low, phase, 1.0), (low, 3, -1.0))
    siemens.append(idle_siemens(network) * np.eye(3))
    for line in network.lines:
        half_farad = line.type.capacitance_nf_per_km * 1e-9 * line.length_m / 1000 / 2
        for bus in (line.from_bus, line.to_bus):
            for phase in range(3):
                branches.add((bus, phase, 1.0), (bus, 3, -1.0))
            siemens.append(2j * math.pi * FREQUENCY_HZ * half_farad * np.eye(3))

    incidence = branches.matrix()
    branch_a_per_v = block_diag(siemens, format="csr") @ incidence
    solve = splu((incidence.T @ branch_a_per_v).tocsc()).solve

    home_buses = tuple(dict.fromkeys(home.bus for home in network.homes))
    ports = phase_to_neutral(network, home_buses)
    source_a = source_siemens * network.source.voltage_v / math.sqrt(3) * _TURN
    idle_v = solve(np.concatenate([source_a, np.zeros(incidence.shape[1] - 3)]))
    node_v_per_a = -solve(ports.T.toarray()) if home_buses else np.zeros((incidence.shape[1], 0), np.complex128)

    def affine(rows: Any) -> Affine:
        return Affine(rows @ idle_v, np.ascontiguousarray((rows @ node_v_per_a).T))

    fed = affine(-branch_a_per_v[:3])
    return Admittance(
        home_buses=home_buses,
        port_v=affine(ports),
        bus_v=affine(phase_to_neutral(network, network.buses)),
        line_a=affine(branch_a_per_v[6:in_series]),
        winding_a=affine(branch_a_per_v[3:6]),
        high_a=Affine(fed.idle + source_a, fed.slope),
        high_v=affine(diags_array([1.0], shape=(3, incidence.shape[1]), format="csr")),
    )


def phase_to_neutral(network: Network, buses: tuple[str, ...]) -> Any:
    """Rows for the phase-to-neutral voltages of buses, phases a, b, c of the first, then of the next."""
    rows = Incidence(network)
    for bus in buses:
        for phase in range(3):
            rows.add((bus, phase, 1.0), (bus, 3, -1.0))
    return rows.matrix()
