"""Everything that is wrong with a network, found in one pass."""

from __future__ import annotations

import cmath
import math
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from clients.common.grid.admittance import type_ohm_per_km
from clients.common.grid.fault import BadNetwork, Fault, shown
from clients.common.grid.network import PHASES, THREE_PHASE, Home, Line, Network, Source, Transformer

_ROUNDING = 1e-9
# In whatever unit; beyond it squares and products leave the range of floating point.
_LARGEST = 1e15
# A line of less can't be told from none beside others.
_LEAST_OHM = 1e-9


def check(network: Network) -> Network:
    """The network itself.

    Raises:
        BadNetwork: it has faults; all are listed.
    """
    faults = list(faults_of(network))
    if faults:
        raise BadNetwork(faults)
    return network


def faults_of(network: Network) -> Iterator[Fault]:
    """All faults: ids, figures, unknown buses, phases, loops and islands."""
    yield from _repeated("bus", network.buses)
    yield from _repeated("line", (line.id for line in network.lines))
    yield from _repeated("home", (home.id for home in network.homes))
    if network.source.bus in network.buses:
        yield Fault("source bus", shown(network.source.bus), "is a bus of low voltage", "give it a bus of its own")
    yield from _source_faults(network.source)
    yield from _transformer_faults(network.transformer, network)
    known = set(network.buses)
    for line in network.lines:
        yield from _line_faults(line, known)
    for home in network.homes:
        yield from _home_faults(home, known)
    yield from _shape_faults(network)


def _repeated(kind: str, ids: Iterable[str]) -> Iterator[Fault]:
    for name, count in Counter(ids).items():
        if count > 1:
            yield Fault(f"{kind} {shown(name)}", "", f"is there {count} times", "give each an id of its own")
        if not name:
            yield Fault(kind, "''", "has an empty id", "name it")


def _figure(where: str, value: float, least: float | None = None, exclusive: bool = False) -> Iterator[Fault]:
    if not math.isfinite(value):
        yield Fault(where, str(value), "is not a number", "give a finite number")
    elif abs(value) > _LARGEST:
        yield Fault(where, str(value), "is larger than anything in a network", "check its unit")
    elif least is not None and (value < least or (exclusive and value == least)):
        yield Fault(where, str(value), f"is not {'above' if exclusive else 'at least'} {least:g}", "correct it")


def _source_faults(source: Source) -> Iterator[Fault]:
    yield from _figure("source voltage_v", source.voltage_v, 0, exclusive=True)
    yield from _figure("source resistance_ohm", source.resistance_ohm, 0)
    yield from _figure("source reactance_ohm", source.reactance_ohm, 0)
    if source.resistance_ohm == 0 and source.reactance_ohm == 0:
        yield Fault("source", "", "has zero impedance", "give the short-circuit impedance of the medium voltage")


def _transformer_faults(transformer: Transformer, network: Network) -> Iterator[Fault]:
    where = f"transformer {shown(transformer.id)}"
    if transformer.high_bus != network.source.bus:
        reason = f"is not the source's bus {shown(network.source.bus)}"
        yield Fault(f"{where} high_bus", shown(transformer.high_bus), reason, "connect it to the source's bus")
    if transformer.low_bus not in network.buses:
        yield Fault(f"{where} low_bus", shown(transformer.low_bus), "is an unknown bus", "name a bus of low voltage")
    for name in ("rating_va", "high_voltage_v", "low_voltage_v"):
        yield from _figure(f"{where} {name}", getattr(transformer, name), 0, exclusive=True)
    for name in ("resistance_percent", "reactance_percent", "no_load_loss_w", "magnetising_var"):
        yield from _figure(f"{where} {name}", getattr(transformer, name), 0)
    if transformer.resistance_percent == 0 and transformer.reactance_percent == 0:
        yield Fault(where, "", "has zero impedance", "give its short-circuit voltage")


def _line_faults(line: Line, known: set[str]) -> Iterator[Fault]:
    where = f"line {shown(line.id)}"
    for end, bus in (("from_bus", line.from_bus), ("to_bus", line.to_bus)):
        if bus not in known:
            yield Fault(f"{where} {end}", shown(bus), "is an unknown bus", "name a bus of low voltage")
    yield from _figure(f"{where} length_m", line.length_m, 0, exclusive=True)
    yield from _figure(f"{where} capacitance_nf_per_km", line.type.capacitance_nf_per_km, 0)
    yield from _figure(f"{where} phase_limit_a", line.type.phase_limit_a, 0, exclusive=True)
    yield from _figure(f"{where} neutral_limit_a", line.type.neutral_limit_a, 0, exclusive=True)
    impedances = {
        name: getattr(line.type, name)
        for name in (
            "phase_ohm_per_km",
            "mutual_ohm_per_km",
            "phase_neutral_ohm_per_km",
            "neutral_ohm_per_km",
        )
    }
    figures = [
        *_figure(f"{where} phase_ohm_per_km resistance", line.type.phase_ohm_per_km.real, 0),
        *_figure(f"{where} neutral_ohm_per_km resistance", line.type.neutral_ohm_per_km.real, 0),
    ]
    for name, value in impedances.items():
        if not cmath.isfinite(value) or abs(value) > _LARGEST:
            figures.append(Fault(f"{where} {name}", str(value), "is not a number, or too large", "give finite numbers"))
    yield from figures
    if not figures:
        yield from _impedance_faults(where, line)


def _impedance_faults(where: str, line: Line) -> Iterator[Fault]:
    ohm = type_ohm_per_km(line.type)
    size = np.abs(ohm).max()
    loops = (abs(line.type.positive_ohm_per_km), abs(line.type.zero_ohm_per_km))
    if min(loops) * line.length_m / 1000 < _LEAST_OHM and line.length_m > 0:
        yield Fault(where, "", "has zero impedance", "give its impedance, or make its two buses one")
    elif np.linalg.eigvalsh(ohm.real).min() < -_ROUNDING * size:
        way_out = "lower the resistances that conductors share"
        yield Fault(where, "", "would produce energy: a loop of its conductors has negative resistance", way_out)
    elif np.linalg.svd(ohm, compute_uv=False).min() < _ROUNDING * size:
        yield Fault(where, "", "has a loop of conductors with zero impedance", "give each conductor its own impedance")


def _home_faults(home: Home, known: set[str]) -> Iterator[Fault]:
    where = f"home {shown(home.id)}"
    if home.bus not in known:
        yield Fault(f"{where} bus", shown(home.bus), "is an unknown bus", "name a bus of low voltage")
    if not home.phase:
        yield Fault(f"{where} phase", "", "is missing", "give a, b, c or, for three phases, abc")
    elif home.phase not in (*PHASES, THREE_PHASE):
        yield Fault(f"{where} phase", shown(home.phase), "is no phase", "give a, b, c or, for three phases, abc")


def _shape_faults(network: Network) -> Iterator[Fault]:
    """Loops, and buses that no line joins to the transformer; by union of what each line joins."""
    head = {bus: bus for bus in network.buses}

    def find(bus: str) -> str:
        while head[bus] != bus:
            head[bus] = head[head[bus]]
            bus = head[bus]
        return bus

    for line in network.lines:
        if line.from_bus not in head or line.to_bus not in head:
            continue
        one, other = find(line.from_bus), find(line.to_bus)
        if one == other:
            yield Fault(f"line {shown(line.id)}", "", "closes a loop", "open one of its lines: feeders are radial")
        head[one] = other
    if network.transformer.low_bus not in head:
        return
    fed = find(network.transformer.low_bus)
    for bus in head:
        if find(bus) != fed:
            yield Fault(f"bus {shown(bus)}", "", "is an island: nothing feeds it", "join it by a line, or remove it")
