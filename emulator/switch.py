"""Phase switches: each moves its home to the ordered phase at the slot's beginning, and says that it did."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.station import Station
from wire.phase_switch import PhaseName, SwitchCommand


class Switches:
    """The switches of some homes on one station's network. A ``stuck`` one takes orders and stays where it is, mute."""

    def __init__(self, station: Station, homes: Iterable[str], stuck: Iterable[str] = ()) -> None:
        """Raises: ValueError for a home that the network doesn't have on a single phase."""
        self._station = station
        self.homes = frozenset(homes)
        self._stuck = frozenset(stuck)
        self._waiting: dict[str, dict[int, PhaseName]] = {}
        strangers = sorted((self.homes | self._stuck) - station.phases.keys())
        if strangers:
            raise ValueError(
                f"switches are at {', '.join(strangers)}; network {station.name} has no such one-phase home"
            )

    def order(self, home: str, command: SwitchCommand, running: int) -> str:
        """Take an order during slot ``running``; returns why it is refused, or nothing."""
        if home not in self.homes:
            return "the home has no switch"
        if command.slot < running:
            return f"slot is {command.slot}, which has ended; give {running} or later"
        self._waiting.setdefault(home, {})[command.slot] = command.phase
        return ""

    def execute(self, slot: int) -> dict[str, PhaseName]:
        """Do what was ordered for a slot that runs, and forget what is older; returns the phases that were taken."""
        moved: dict[str, PhaseName] = {}
        for home in sorted(self._waiting):
            orders = self._waiting[home]
            phase = orders.get(slot)
            for old in [number for number in orders if number <= slot]:
                del orders[old]
            if phase is not None and home not in self._stuck:
                self._station.switch(home, phase)
                moved[home] = phase
        return moved
