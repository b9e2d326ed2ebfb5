"""A bad network is refused with all its faults at once, each by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clients.common.grid import shipped
from clients.common.grid.fault import BadNetwork
from clients.common.grid.grid import Grid
from clients.common.grid.network import Home, Line, Network
from clients.common.grid.validation import faults_of

NETWORK = shipped.load("thesis-33")
LINE = NETWORK.lines[2]


def with_line(**changes: object) -> Network:
    """The network with its third line changed."""
    lines = list(NETWORK.lines)
    lines[2] = replace(LINE, **changes)  # type: ignore[arg-type]  # names are checked by replace itself
    return replace(NETWORK, lines=tuple(lines))


def with_home(home: Home) -> Network:
    return replace(NETWORK, homes=(*NETWORK.homes, home))


def extra_line(from_bus: str, to_bus: str) -> Network:
    return replace(NETWORK, lines=(*NETWORK.lines, Line("extra", from_bus, to_bus, 10, LINE.type)))


ZERO = replace(LINE.type, phase_ohm_per_km=0j, mutual_ohm_per_km=0j, neutral_ohm_per_km=0j, phase_neutral_ohm_per_km=0j)
CASES = {
    "line 'f01line00001' has zero impedance": with_line(type=ZERO),
    "line 'f01line00001' would produce energy": with_line(
        type=replace(LINE.type, phase_neutral_ohm_per_km=LINE.type.phase_neutral_ohm_per_km * 5)
    ),
    "line 'f01line00001' has a loop of conductors with zero impedance": with_line(
        type=replace(LINE.type, neutral_ohm_per_km=0j, phase_neutral_ohm_per_km=0j)
    ),
    "line 'f01line00001' length_m is not above 0": with_line(length_m=0.0),
    "line 'f01line00001' length_m is larger than anything": with_line(length_m=1e300),
    "line 'f01line00001' has zero": with_line(length_m=1e-300),
    "transformer 'transformer00001' low_voltage_v is larger": replace(
        NETWORK, transformer=replace(NETWORK.transformer, low_voltage_v=1e300)
    ),
    "line 'f01line00001' phase_ohm_per_km is not a number": with_line(
        type=replace(LINE.type, phase_ohm_per_km=complex(1, float("nan")))
    ),
    "line 'f01line00001' to_bus is an unknown bus": with_line(to_bus="nowhere"),
    "line 'extra' closes a loop": extra_line("Node_00011", "Node_00022"),
    "bus 'alone' is an island": replace(NETWORK, buses=(*NETWORK.buses, "alone")),
    "bus 'Node_00011' is there 2 times": replace(NETWORK, buses=(*NETWORK.buses, "Node_00011")),
    "line 'f01line00002' is there 2 times": with_line(id="f01line00002"),
    "home 'f01load00001' is there 2 times": with_home(NETWORK.homes[0]),
    "home has an empty id": with_home(Home("", "Node_00011", "a")),
    "home 'x' phase is missing": with_home(Home("x", "Node_00011", "")),
    "home 'x' phase is no phase": with_home(Home("x", "Node_00011", "d")),
    "home 'x' bus is an unknown bus": with_home(Home("x", "Node_00043", "a")),
    "source has zero impedance": replace(
        NETWORK, source=replace(NETWORK.source, resistance_ohm=0.0, reactance_ohm=0.0)
    ),
    "source voltage_v is not above 0": replace(NETWORK, source=replace(NETWORK.source, voltage_v=-1.0)),
    "source bus is a bus of low voltage": replace(NETWORK, source=replace(NETWORK.source, bus="Node_00001")),
    "transformer 'transformer00001' has zero impedance": replace(
        NETWORK, transformer=replace(NETWORK.transformer, resistance_percent=0.0, reactance_percent=0.0)
    ),
    "transformer 'transformer00001' high_bus is not the source's bus": replace(
        NETWORK, transformer=replace(NETWORK.transformer, high_bus="elsewhere")
    ),
    "transformer 'transformer00001' low_bus is an unknown bus": replace(
        NETWORK, transformer=replace(NETWORK.transformer, low_bus="elsewhere")
    ),
    "transformer 'transformer00001' rating_va is not above 0": replace(
        NETWORK, transformer=replace(NETWORK.transformer, rating_va=0.0)
    ),
}


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_is_named(fault: str) -> None:
    found = [f"{each.where} {each.reason}" for each in faults_of(CASES[fault])]
    assert any(text.startswith(fault) for text in found), found


def test_all_faults_are_named_at_once() -> None:
    network = replace(with_line(length_m=-1.0), homes=(*NETWORK.homes, Home("x", "nowhere", "")))
    with pytest.raises(BadNetwork) as bad:
        Grid(network)
    assert [fault.where for fault in bad.value.faults] == [
        "line 'f01line00001' length_m",
        "home 'x' bus",
        "home 'x' phase",
    ]
    assert (
        bad.value.faults[0].as_text("net.json").startswith("net.json: line 'f01line00001' length_m -1.0 is not above")
    )


@pytest.mark.parametrize("name", ["thesis-33", "thesis-33-150", "thesis-50", "kerber-landnetz-kabel-2"])
def test_shipped_networks_have_no_faults(name: str) -> None:
    assert list(faults_of(shipped.load(name))) == []
