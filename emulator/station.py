"""The transformer station and its meter: what the homes' flows do to the grid that they share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from clients.common.grid.feeders import heads
from clients.common.grid.grid import PHASE_CODES, Grid
from clients.common.grid.network import PHASES, Network
from clients.common.grid.shipped import load
from clients.common.grid.solution import Failure, Solution
from emulator.homes import Home
from emulator.units import SLOTS_A_DAY
from wire.phase_switch import PhaseName
from wire.station import PccFlow, PccNow

NETWORK = "thesis-33"
# An accuracy class as station meters have it: at most so far off, each channel always by the same share.
CLASS_PERMILLE = 5
_HOURS = 24 / SLOTS_A_DAY
_PHASE_NAMES: dict[int, PhaseName] = {0: "a", 1: "b", 2: "c"}


class Measured(NamedTuple):
    """A slot as the station's meter and the homes' meters have it: voltages in mV, flows of all PCCs in order."""

    busbar_mv: tuple[int, int, int]
    pccs: tuple[PccFlow, ...]
    home_mv: dict[str, int]


class Blackout(Exception):
    """The network can't carry what the homes ask of it: where it gives way."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.as_text())
        self._failure = failure

    def in_slot(self, slot: int) -> str:
        """One line for people; what is solved knows of no slots."""
        return self._failure._replace(slot=slot).as_text()


class Station:
    """Solves the network for each slot's mean powers. Homes that a network has and the run has not draw nothing."""

    def __init__(self, network: Network) -> None:
        self.name = network.name
        self._grid = Grid(network)
        self._homes = [home.id for home in network.homes]
        self._phases = np.array([PHASE_CODES[home.phase] for home in network.homes], np.intp)
        self._heads = heads(network)
        self._lines = [network.lines.index(line) for line, _ in self._heads]
        self._low = network.buses.index(network.transformer.low_bus)

    @classmethod
    def of(cls, homes: Sequence[Home], name: str = NETWORK) -> Station | None:
        """The station of the shipped network in which all the homes stand, or None: repeated homes stand in none.

        Raises: KeyError when no such network is shipped.
        """
        network = load(name)
        known = {home.id for home in network.homes}
        return cls(network) if all(home.id in known for home in homes) else None

    @property
    def phases(self) -> dict[str, PhaseName]:
        """The phase that each home of one phase is on now."""
        codes = zip(self._homes, self._phases.tolist(), strict=True)
        return {home: _PHASE_NAMES[code] for home, code in codes if code in _PHASE_NAMES}

    def switch(self, home: str, phase: str) -> None:
        """Put a home on another phase from now on. Raises: KeyError, ValueError when there is no such home."""
        self._phases[self._homes.index(home)] = PHASE_CODES[phase]

    def measure(self, power_w: Mapping[str, float]) -> Measured:
        """What the meters show of a slot in which each home took a mean power. Raises: Blackout."""
        solved = self._solve([power_w])
        pccs = tuple(
            PccFlow(
                feeder=line.id,
                phase=phase,  # type: ignore[arg-type] # one of the three that the message allows
                energy_wh=round(self._off(f"{line.id} {phase} W", solved.feeder_w[0, number, index] * _HOURS)),
                current_ma=round(self._off(f"{line.id} {phase} A", 1000 * solved.line_phase_a[0, row, index])),
            )
            for number, ((line, _), row) in enumerate(zip(self._heads, self._lines, strict=True))
            for index, phase in enumerate(PHASES)
        )
        busbar_v = solved.phase_neutral_v[0, self._low]
        one, two, three = (
            round(self._off(f"busbar {phase} V", 1000 * volt)) for phase, volt in zip(PHASES, busbar_v, strict=True)
        )
        home_mv = {
            home: round(self._off(f"{home} V", 1000 * volt))
            for home, volt in zip(self._homes, solved.home_v[0], strict=True)
        }
        return Measured((one, two, three), pccs, home_mv)

    def measure_now(
        self, so_far_w: Mapping[str, float], now_w: Mapping[str, float], share: float
    ) -> tuple[PccNow, ...]:
        """What each PCC shows in the middle of a slot: ``share`` of it is over, with a mean power, and powers now.

        Raises: Blackout.
        """
        solved = self._solve([so_far_w, now_w])
        return tuple(
            PccNow(
                feeder=line.id,
                phase=phase,  # type: ignore[arg-type] # one of the three that the message allows
                energy_wh=round(self._off(f"{line.id} {phase} W", solved.feeder_w[0, number, index] * share * _HOURS)),
                power_w=round(self._off(f"{line.id} {phase} W", solved.feeder_w[1, number, index])),
            )
            for number, (line, _) in enumerate(self._heads)
            for index, phase in enumerate(PHASES)
        )

    def _solve(self, powers_w: Sequence[Mapping[str, float]]) -> Solution:
        flows_w = [[power_w.get(home, 0.0) for home in self._homes] for power_w in powers_w]
        solved = self._grid.solve(flows_w, phases=self._phases)
        if solved.failures:
            raise Blackout(solved.failures[0])
        return solved

    def _off(self, channel: str, value: float) -> float:
        """A value as the channel's meter shows it: always the same share too much or too little."""
        digest = hashlib.sha256(f"{self.name} {channel}".encode()).digest()
        share = int.from_bytes(digest[:4], "big") / 0xFFFFFFFF
        return float(np.float64(value) * (1 + (2 * share - 1) * CLASS_PERMILLE / 1000))
