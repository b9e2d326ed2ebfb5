"""The station's meter and the phase switches in motion: what they tell at slots' ends, and in the middle of slots."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from emulator.clock import Clock
from emulator.household import Household
from emulator.link import Link
from emulator.station import Blackout, Measured, Station
from emulator.switch import Switches
from emulator.units import SLOT_MS
from wire.mqtt import MessageError, Topics, decode
from wire.phase_switch import SwitchCommand, SwitchState
from wire.station import StationNow, StationReading

log = logging.getLogger(__name__)
# Homes change their powers in bursts: the meter shows the end of one, and no burst hides it for longer than LONGEST_S.
QUIET_S = 0.03
LONGEST_S = 0.15
# Without any change it shows itself so often.
OFTEN_S = 0.5
_UNMEASURED = "no solution of the grid, so nothing of it is measured: %s"


class StationMeter:
    """One station's. ``move`` brings all homes to this moment, before it looks at them in the middle of a slot."""

    def __init__(
        self,
        station: Station,
        switches: Switches,
        households: Mapping[str, Household],
        clock: Clock,
        topics: Topics,
        move: Callable[[], None],
    ) -> None:
        self.station = station
        self._switches = switches
        self._households = households
        self._clock = clock
        self._topics = topics
        self._move = move
        self._grid_mj = self._counted()
        self._link: Link | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._latest_s = 0.0

    def attach(self, link: Link) -> None:
        """Give it its voice."""
        self._link = link

    def begin(self) -> None:
        """From here on slots are measured; tells the switches' phases."""
        self._grid_mj = self._counted()
        slot = self._slot()
        self._tell_switches(slot, {home: self.station.phases[home] for home in self._switches.homes})
        self.changed()

    def end_slot(self, slot: int) -> Measured | None:
        """Measure the slot that has just ended."""
        before_mj, self._grid_mj = self._grid_mj, self._counted()
        try:
            return self.station.measure(
                {name: (now_mj - before_mj[name]) / SLOT_MS for name, now_mj in self._grid_mj.items()}
            )
        except Blackout as blackout:
            log.error(_UNMEASURED, blackout.in_slot(slot))
            return None

    def begin_slot(self, slot: int, sequence: int, measured: Measured | None) -> None:
        """Tell what was measured of the slot before, ``slot``, and switch for the one that begins."""
        if measured is not None and self._link is not None:
            message = StationReading(
                station=self.station.name,
                sequence=sequence,
                slot=slot,
                time_s=self._clock.slot_end_s(slot),
                busbar_mv=measured.busbar_mv,
                pccs=measured.pccs,
            )
            self._link.send(self._topics.station(), message.encode(), retain=True)
        self._tell_switches(slot + 1, self._switches.execute(slot + 1))
        self.changed()

    def changed(self) -> None:
        """Some power has changed: show it when all that changes together has."""
        if self._link is None:
            return
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if self._timer is None or self._latest_s < now_s:
            self._latest_s = now_s + LONGEST_S
        self._wake_at(min(now_s + QUIET_S, self._latest_s))

    def receive(self, topic: str, payload: bytes) -> None:
        """Take an order to a switch; what can't be read or done is logged and refused by silence."""
        home = self._topics.home_of(topic)
        if topic != self._topics.switch_command(home):
            return
        try:
            command = decode(SwitchCommand, payload)
        except MessageError as error:
            log.warning("%s: %s", home, error)
            return
        running = self._slot()
        refused = self._switches.order(home, command, running)
        if refused:
            log.warning("%s: switch command refused: %s", home, refused)
        elif command.slot == running:
            # It came late: done at once, in the middle of the slot.
            self._tell_switches(running, self._switches.execute(running))
            self.changed()

    def _wake_at(self, time_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(time_s, self._show)

    def _show(self) -> None:
        self._timer = None
        self._move()
        slot, share = divmod(min(home.now_ms for home in self._households.values()), SLOT_MS)
        if self._link is not None and share:
            so_far_w = {name: (mj - self._grid_mj[name]) / share for name, mj in self._counted().items()}
            now_w = {name: float(household.powers().grid_w) for name, household in self._households.items()}
            try:
                pccs = self.station.measure_now(so_far_w, now_w, share / SLOT_MS)
            except Blackout as blackout:
                log.error(_UNMEASURED, blackout.in_slot(slot))
            else:
                time_ms = self._clock.unix_ms(slot * SLOT_MS + share)
                message = StationNow(station=self.station.name, slot=slot, time_ms=time_ms, pccs=pccs)
                self._link.show(self._topics.station_now(), message.encode())
        if self._timer is None:
            self._wake_at(asyncio.get_running_loop().time() + OFTEN_S)

    def _tell_switches(self, slot: int, moved: Mapping[str, str]) -> None:
        if self._link is None:
            return
        time_ms = time.time_ns() // 1_000_000
        for home, phase in moved.items():
            state = SwitchState.model_validate({"slot": slot, "phase": phase, "time_ms": time_ms})
            self._link.send(self._topics.switch_state(home), state.encode(), retain=True)

    def _slot(self) -> int:
        return self._clock.emulated_ms(time.time_ns()) // SLOT_MS

    def _counted(self) -> dict[str, int]:
        return {name: household.grid_mj for name, household in self._households.items()}
