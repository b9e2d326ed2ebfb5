"""OpenDSS, an independent solver, given a network conductor by conductor: four wires, nothing reduced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import opendssdirect
from numpy.typing import NDArray

from clients.common.grid.network import Home, LineType, Network

_PHASES = "abc"


@dataclass(frozen=True)
class Answer:
    """Voltages by bus and phase in V; currents by line in A (a, b, c, neutral); losses in W."""

    phase_neutral_v: dict[tuple[str, str], float]
    vuf_percent: dict[str, float]
    line_a: dict[str, tuple[float, ...]]
    line_loss_w: dict[str, tuple[float, ...]]
    transformer_loss_w: float


def solve(network: Network, p_w: dict[str, float], q_var: dict[str, float]) -> Answer:
    """Solve one slot; homes left out take nothing."""
    _run("clear")
    # Reactances are given for 50 Hz; OpenDSS takes them to be for its base frequency, which is 60 Hz unless told.
    _run("set DefaultBaseFrequency=50")
    source, transformer = network.source, network.transformer
    _run(
        f"new circuit.grid basekv={source.voltage_v / 1000} pu=1 angle=0 phases=3 bus1={source.bus} "
        f"r1={source.resistance_ohm} x1={source.reactance_ohm} r0={source.resistance_ohm} x0={source.reactance_ohm}"
    )
    _run(
        f"new transformer.t phases=3 windings=2 buses=[{transformer.high_bus}.1.2.3 {transformer.low_bus}.1.2.3.4] "
        f"conns=[delta wye] kvs=[{transformer.high_voltage_v / 1000} {transformer.low_voltage_v / 1000}] "
        f"kvas=[{transformer.rating_va / 1000} {transformer.rating_va / 1000}] "
        f"%loadloss={transformer.resistance_percent} xhl={transformer.reactance_percent} "
        f"%noloadloss={100 * transformer.no_load_loss_w / transformer.rating_va} "
        f"%imag={100 * transformer.magnetising_var / transformer.rating_va} leadlag=lag"
    )
    # With rneut=0 OpenDSS would leave the star point open.
    _run("~ wdg=2 rneut=0.00001 xneut=0.00001")
    for line in network.lines:
        _run(
            f"new line.{line.id} phases=4 bus1={line.from_bus}.1.2.3.4 bus2={line.to_bus}.1.2.3.4 units=km "
            f"length={line.length_m / 1000} rmatrix=({_matrix(line.type, 'real')}) "
            f"xmatrix=({_matrix(line.type, 'imag')}) cmatrix=({_capacitances(line.type)})"
        )
    for home in network.homes:
        _load(network, home, p_w.get(home.id, 0.0), q_var.get(home.id, 0.0))
    _run("calcv")
    _run("set tolerance=1e-10 maxiterations=500")
    _run("solve")
    if not opendssdirect.Solution.Converged():
        raise RuntimeError("OpenDSS does not converge")
    return _answer(network)


def _load(network: Network, home: Home, p_w: float, q_var: float) -> None:
    phases = [_PHASES.index(phase) + 1 for phase in home.phase]
    for phase in phases:
        _run(
            f"new load.{home.id}_{phase} phases=1 conn=wye bus1={home.bus}.{phase}.4 kv={network.nominal_v / 1000} "
            f"kw={p_w / len(phases) / 1000} kvar={q_var / len(phases) / 1000} model=1 vminpu=0.3 vmaxpu=2"
        )


def _matrix(kind: LineType, part: str) -> str:
    own, mutual = getattr(kind.phase_ohm_per_km, part), getattr(kind.mutual_ohm_per_km, part)
    across, neutral = getattr(kind.phase_neutral_ohm_per_km, part), getattr(kind.neutral_ohm_per_km, part)
    rows = [[own], [mutual, own], [mutual, mutual, own], [across, across, across, neutral]]
    return " | ".join(" ".join(repr(value) for value in row) for row in rows)


def _capacitances(kind: LineType) -> str:
    between = kind.capacitance_nf_per_km
    return f"{between} | 0 {between} | 0 0 {between} | {-between} {-between} {-between} {3 * between}"


def _run(command: str) -> None:
    opendssdirect.Text.Command(command)
    if opendssdirect.Error.Number():
        raise RuntimeError(f"{command}: {opendssdirect.Error.Description()}")


def _complex(pairs: list[float]) -> NDArray[np.complex128]:
    flat = np.asarray(pairs)
    return np.asarray(flat[::2] + 1j * flat[1::2])


def _answer(network: Network) -> Answer:
    volts, unbalance = {}, {}
    turn = np.exp(2j * np.pi / 3)
    for bus in network.buses:
        opendssdirect.Circuit.SetActiveBus(bus)
        at = dict(zip(opendssdirect.Bus.Nodes(), _complex(opendssdirect.Bus.Voltages()), strict=True))
        to_neutral = np.array([at[node] - at[4] for node in (1, 2, 3)])
        for phase, value in zip(_PHASES, np.abs(to_neutral), strict=True):
            volts[bus, phase] = float(value)
        negative = to_neutral @ np.array([1, turn**2, turn])
        unbalance[bus] = float(100 * abs(negative) / abs(to_neutral @ np.array([1, turn, turn**2])))
    amperes, losses = {}, {}
    for line in network.lines:
        opendssdirect.Circuit.SetActiveElement(f"line.{line.id}")
        amperes[line.id] = tuple(np.abs(_complex(opendssdirect.CktElement.Currents())[:4]).tolist())
        # kW and kvar by conductor, where one call's documentation says W.
        losses[line.id] = tuple((1000 * _complex(opendssdirect.CktElement.PhaseLosses()).real).tolist())
    opendssdirect.Circuit.SetActiveElement("transformer.t")
    transformer_w = float(opendssdirect.CktElement.Losses()[0])
    return Answer(volts, unbalance, amperes, losses, transformer_w)
