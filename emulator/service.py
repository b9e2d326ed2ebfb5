"""The neighbourhood in real time: moves the homes with the clock, speaks for their meters and inverters over MQTT."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.device import EmulatedDevice
from emulator.device_link import DeviceLink
from emulator.faults import Faults
from emulator.homes import Home
from emulator.household import Household, Powers, SlotEnd
from emulator.link import Link
from emulator.messages import history, nameplate, reading, telemetry
from emulator.reading_memory import ReadingMemory
from emulator.recalls import Recalls
from emulator.slot_summary import SlotSummary, Summaries
from emulator.state import RunKey, State, capture, put_back, save
from emulator.station import Station
from emulator.station_meter import StationMeter
from emulator.switch import Switches
from emulator.units import SLOT_MS
from wire.mqtt import MessageError, Reading, SetPoint, Status, StatusCode, Topics, decode

log = logging.getLogger(__name__)
LONGEST_SLEEP_S = 1.0
DRAIN_S = 10.0
# EN 50549-1: an inverter whose voltage was above 1.1 times 230 V on the mean of ten minutes disconnects.
TRIP_MV = 253_000


@dataclass
class Service:
    """Homes from ``first_slot`` on for ``slots`` (None: for ever) on a clock. ``report`` gets each finished slot.

    ``station``: the grid that they share, if there is one: then meters measure voltages, the station's meter has a
    voice of its own, and inverters disconnect for a slot after one with too high a voltage. ``switched``: the homes on
    it that have a phase switch; ``stuck`` are those whose switch doesn't move. ``devices``: flexible devices by home,
    which its meter counts.
    """

    clock: Clock
    homes: list[Home]
    day: str
    day_slot: int
    topics: Topics
    slots: int | None = None
    first_slot: int = 0
    faults: Faults = field(default_factory=Faults)
    state_path: Path | None = None
    station: Station | None = None
    switched: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    devices: Mapping[str, Sequence[EmulatedDevice[Any]]] = field(default_factory=dict)
    report: Callable[[SlotSummary], None] = lambda _: None

    def __post_init__(self) -> None:
        self.households = {
            home.id: Household(home, self.day_slot, self.first_slot, self.devices.get(home.id, ()))
            for home in self.homes
        }
        self.run_key = RunKey(
            epoch_s=self.clock.epoch_s,
            slot_seconds=self.clock.slot_seconds,
            day=self.day,
            day_slot=self.day_slot,
            first_slot=self.first_slot,
            homes=[home.id for home in self.homes],
            devices=sorted(f"{name}/{each.rating.device}" for name, all_ in self.devices.items() for each in all_),
        )
        self._last: dict[str, Reading] = {}
        path = self.state_path
        self._memory = ReadingMemory(path.with_name(path.name + ".readings") if path is not None else None)
        self._recalls = Recalls(self.topics, self._memory, self.faults, self._send)
        self._summaries = Summaries(self.households, self.day_slot, self.clock)
        self._link: Link | None = None
        self._begun = False
        self._meter: StationMeter | None = None
        if self.station is not None:
            switches = Switches(self.station, self.switched, self.stuck)
            self._meter = StationMeter(
                self.station,
                switches,
                self.households,
                self.clock,
                self.topics,
                lambda: self._move(self._emulated_ms()),
            )

    def restore(self, state: State) -> None:
        """Goes on from a saved state; its last readings are sent again, as they may not have got out."""
        put_back(state, self.households)
        for name, phase in state.phases.items():
            if self.station is not None:
                self.station.switch(name, phase)
        self._summaries.resume()
        self._last = {name: home.last_reading for name, home in state.homes.items()}
        self._memory.recall({last.meter: last for last in self._last.values()})

    def attach(self, link: Link) -> None:
        """Gives the service its voice; before ``run``, and before the link runs."""
        self._link = link
        if self._meter is not None:
            self._meter.attach(link)
        for home in self.homes:
            plate = nameplate(home, self.clock, self.day_slot)
            link.introduce(self.topics.nameplate(home.id), plate.encode())
            link.introduce(self.topics.history(home.id), history(home, self.day_slot, self.first_slot).encode())

    def device_links(self, url: BrokerUrl) -> list[DeviceLink]:
        """The connections of the homes' flexible devices; each to be run beside the service."""
        return [
            DeviceLink(
                url,
                self.topics,
                name,
                device,
                move=partial(self._move_home, household),
                commanded=partial(self._commanded, household),
            )
            for name, household in self.households.items()
            for device in household.devices.values()
        ]

    async def run(self) -> None:
        """Runs until all slots are over and delivered, or until cancelled. The attached link must be running."""
        if self._link is None:
            raise RuntimeError("attach a link before running the service")
        await self._link.connected.wait()
        await self._until(self.first_slot * SLOT_MS)
        self._begin()
        end_ms = self._end_ms
        while end_ms is None or self._now_ms < end_ms:
            await self._until(min(household.next_event_ms for household in self.households.values()))
            self._move(self._emulated_ms())
        if not await self._link.drain(DRAIN_S):
            log.warning("not everything was delivered within %.0f s after the last slot", DRAIN_S)

    def receive(self, topic: str, payload: bytes, retained: bool) -> None:
        """Takes a message from a set point topic and answers on the home's status topic; ignores other topics.

        Other topics do come: amqtt sends every new client the retained messages of all that anybody subscribed to.
        """
        try:
            name = self.topics.home_of(topic)
        except ValueError:
            return
        if topic == self.topics.recall(name):
            if self._begun and not retained and name in self.households:
                self._recalls.receive(name, payload, self._last[name])
            return
        if topic != self.topics.set_point(name):
            if self._meter is not None and not retained:
                self._meter.receive(topic, payload)
            return
        household = self.households.get(name)
        if household is None:
            log.warning("set point refused: home is %r; there is no such home here", name)
            return
        if self._link is None:
            raise RuntimeError("attach a link before giving the service messages")
        now_ms = self._emulated_ms()
        if self._begun:
            self._move(now_ms, only=household)
        sequence = slot = None
        try:
            set_point = decode(SetPoint, payload)
        except MessageError as error:
            code, reason = StatusCode.MALFORMED, str(error)
        else:
            sequence, slot = set_point.sequence, set_point.slot
            if retained:
                code, reason = StatusCode.REPLAYED, "kept by the broker from before; publish without the retain flag"
            else:
                code, reason = household.offer(set_point)
        if code is not StatusCode.ACCEPTED:
            log.warning("set point for %s refused: %s: %s", name, code.value, reason)
        status = Status(
            code=code,
            reason=reason[:1_000],
            time_ms=self.clock.unix_ms(now_ms),
            sequence=sequence,
            slot=slot,
        )
        self._link.send(self.topics.status(name), status.encode(), retain=False)
        if code is StatusCode.ACCEPTED and slot == household.slot and self._begun:
            self._show(household, household.powers())

    def _move_home(self, household: Household) -> None:
        if self._begun:
            self._move(self._emulated_ms(), only=household)

    def _commanded(self, household: Household) -> None:
        household.commanded()
        if self._begun:
            self._show(household, household.powers())

    @property
    def _end_ms(self) -> int | None:
        return None if self.slots is None else (self.first_slot + self.slots) * SLOT_MS

    @property
    def _now_ms(self) -> int:
        return min(household.now_ms for household in self.households.values())

    def _emulated_ms(self) -> int:
        now_ms = self.clock.emulated_ms(time.time_ns())
        return now_ms if self._end_ms is None else min(now_ms, self._end_ms)

    async def _until(self, emulated_ms: int) -> None:
        """Sleeps until the clock has reached an emulated time, however often the wall clock is set meanwhile."""
        while (left_ns := self.clock.unix_ns(emulated_ms) - time.time_ns()) > 0:
            await asyncio.sleep(min(left_ns / 1e9, LONGEST_SLEEP_S))

    def _begin(self) -> None:
        self._begun = True
        if self._last:
            for name, last in self._last.items():
                self._send_reading(name, last)
        else:
            for name, household in self.households.items():
                self._last[name] = reading(household.home, household.first_reading(), self.clock)
                self._send_reading(name, self._last[name])
            self._save()
            self._memory.begin(self._last.values())
        for household in self.households.values():
            self._show(household, household.powers())
        if self._meter is not None:
            self._meter.begin()

    def _move(self, to_ms: int, only: Household | None = None) -> None:
        """Moves all homes over every slot end up to ``to_ms`` together, then all or one of them on to it."""
        first = self._now_ms // SLOT_MS + 1
        for slot_start in range(first * SLOT_MS, to_ms + 1, SLOT_MS):
            self._end_slot(slot_start)
        for household in [only] if only else self.households.values():
            happened = household.advance(to_ms)
            if happened:
                self._show(household, happened[-1])

    def _end_slot(self, to_ms: int) -> None:
        before = dict(self._last)
        ended: dict[str, SlotEnd] = {}
        for name, household in self.households.items():
            for event in household.advance(to_ms):
                if isinstance(event, SlotEnd):
                    ended[name] = event
        slot = to_ms // SLOT_MS - 1
        measured = self._meter.end_slot(slot) if self._meter is not None else None
        for name, event in ended.items():
            home = self.households[name].home
            voltage_mv = measured.home_mv[name] if measured else None
            self._last[name] = reading(home, event, self.clock, voltage_mv)
            if voltage_mv is not None and voltage_mv > TRIP_MV and (home.pv_wp or home.battery):
                log.warning("%s: the inverter disconnects for a slot at %.1f V", name, voltage_mv / 1000)
                self.households[name].trip()
        # Saved before anything is sent: after a crash the same reading goes out again, never another one.
        self._save()
        self._memory.add(self._last[name] for name in ended)
        for name, household in self.households.items():
            self._send_reading(name, self._last[name])
            self._show(household, household.powers())
        if self._meter is not None:
            self._meter.begin_slot(slot, slot - self.first_slot, measured)
        self.report(self._summaries.of(slot, before, self._last))

    def _save(self) -> None:
        if self.state_path is not None:
            phases = {name: self.station.phases[name] for name in self.switched} if self.station is not None else {}
            save(self.state_path, capture(self.run_key, self.households, self._last, phases))

    def _send_reading(self, name: str, last: Reading) -> None:
        for payload in self.faults.deliver(name, last):
            self._send(self.topics.reading(name), payload, True)

    def _send(self, topic: str, payload: bytes, retain: bool) -> None:
        if self._link is not None:
            self._link.send(topic, payload, retain=retain)

    def _show(self, household: Household, event: SlotEnd | Powers) -> None:
        """Publishes powers, except those of the slot after the last."""
        if self._link is None or isinstance(event, SlotEnd) or event.slot == self.slots:
            return
        message = telemetry(event, self.clock)
        self._link.show(self.topics.telemetry(household.home.id), message.encode())
        if self._meter is not None:
            self._meter.changed()
