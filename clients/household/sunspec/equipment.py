"""A home with a meter on MQTT and an inverter over SunSpec: what it believes, and the limit that its inverter gets."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from clients.common.slots import SLOTS_PER_HOUR
from clients.household.devices import CommandRefused, Device, Moment, SlotFlow
from clients.household.devices.sunspec import OperatingState, SunSpecInverter, SunSpecState
from clients.household.devices.sunspec.inverter import REVERT_SECONDS_MOST
from clients.household.equipment import Equipment
from clients.household.home import Home
from clients.household.sunspec.metered_load import MeteredLoad
from clients.household.terms import Terms
from wire.mqtt import Nameplate, Telemetry, Topics

log = logging.getLogger(__name__)


class SunSpecEquipment(Equipment):
    """Makes the home's telemetry itself: the sun from the inverter, the load from the meter's last slot.

    An inverter that isn't heard of counts as giving nothing, so that what the meter counts is the house's load.
    """

    def __init__(self, home: Home, topics: Topics, sunspec: SunSpecInverter, terms: Terms, meter: str | None) -> None:
        super().__init__(home, topics, meter)
        self.sunspec = sunspec
        self._epoch_s = terms.grid.epoch_s
        self._slot_seconds = terms.grid.slot_seconds
        self._load = MeteredLoad(self._epoch_s, self._slot_seconds)
        self._own_load_w: int | None = None
        self._flow: SlotFlow | None = None
        self._seen: SunSpecState | None = None
        self._free_w = 0
        self._export_limit_w: dict[int, int] = {}
        self._limited: tuple[int, int] | None = None
        self._complained = -1

    @property
    def devices(self) -> list[Device]:
        """See Equipment: no inverter and no battery over MQTT."""
        flexible = self.home.flexible
        return [self.meter, self.sunspec, *(flexible.devices if flexible is not None else ())]

    async def run(self, heard: Callable[[str], None]) -> None:
        """Ask the inverter and carry out its limits until cancelled; ``heard`` is told of the home after each time."""

        async def then() -> None:
            heard(self.home.id)
            await self._carry_out()

        await self.sunspec.run(then)

    def look(self) -> bool:
        """See Equipment."""
        self._look_at_plate()
        self._look_at_flexible()
        home, now_s = self.home, time.time()
        state = self.sunspec.state if self.sunspec.available else None
        home.has_pv = state is not None
        power_w = 0 if state is None else max(0, state.power_w)
        self._load.sun(now_s, power_w)
        if not self.meter.available:
            return False
        if self._own_load_w is not None:
            home.measurements.take_telemetry(self._composed(now_s, power_w, state, self._own_load_w))
        # Only now, as the slot that the reading is about has to be closed before its load is put right.
        self._take_flow()
        return self._own_load_w is not None

    def begin_slot(self, slot: int, terms: Terms) -> None:
        """See Equipment; a limit of the slot goes to the inverter at once."""
        super().begin_slot(slot, terms)
        self.sunspec.hurry()

    def steer(self, slot: int) -> None:
        """Note what may flow into the grid in a slot; the inverter has no slots, so it is told when that has begun."""
        planned = self.home.plan.get(slot)
        limit_w = None if planned is None else planned.export_limit_w
        if limit_w is not None:
            self._export_limit_w[slot] = limit_w
        elif self._export_limit_w.pop(slot, None) is not None:
            self.sunspec.hurry()

    def forget_before(self, slot: int) -> None:
        """See Equipment."""
        super().forget_before(slot)
        for old in [number for number in self._export_limit_w if number < slot]:
            del self._export_limit_w[old]

    def _look_at_plate(self) -> None:
        plate = self.meter.nameplate
        if plate is None or plate is self._plate:
            return
        self._plate = plate
        for field, why, way_out in self._contradictions(plate):
            log.error("homes.%s.sunspec: its nameplate says %s: %s; %s", self.home.id, field, why, way_out)

    def _contradictions(self, plate: Nameplate) -> list[tuple[str, str, str]]:
        found = []
        if self._wanted_meter not in (None, plate.meter):
            found.append(
                (f"meter {plate.meter}", f"not {self._wanted_meter}, not followed", "correct whichever is wrong")
            )
        if plate.battery_wh:
            way_out = "leave sunspec out to steer it over MQTT"
            found.append((f"battery_wh {plate.battery_wh}", "a battery behind SunSpec isn't steered", way_out))
        if not plate.pv_wp:
            found.append(("pv_wp 0", "an inverter without sun", "give what the modules are rated for"))
        return found

    def _take_flow(self) -> None:
        flow = self.meter.flow
        if flow is None or flow is self._flow or not self._is_followed:
            return
        self._flow = flow
        measurements = self.home.measurements
        for slot, load_wh in self._load.of(flow).items():
            self._own_load_w = measurements.take_load(slot, load_wh) * SLOTS_PER_HOUR

    @property
    def _is_followed(self) -> bool:
        return self._plate is not None and self._wanted_meter in (None, self._plate.meter)

    def _composed(self, now_s: float, power_w: int, state: SunSpecState | None, own_load_w: int) -> Telemetry:
        """What an inverter over MQTT would tell. A sun that is held back is as strong as when it wasn't."""
        held_back = state is not None and state.limit_w is not None and state.status is OperatingState.THROTTLED
        if not held_back:
            self._free_w = power_w
        pv_w = max(power_w, self._free_w)
        load_w = own_load_w + self.home.measurements.devices_w
        return Telemetry(
            slot=self._slot_at(now_s),
            time_ms=int(now_s * 1000),
            load_w=load_w,
            pv_w=pv_w,
            curtailed_w=pv_w - power_w,
            battery_w=0,
            grid_w=load_w - power_w,
            energy_wh=0,
        )

    def _slot_at(self, unix_s: float) -> int:
        return int((unix_s - self._epoch_s) // self._slot_seconds)

    async def _carry_out(self) -> None:
        """Let the inverter give what house and grid take in a slot whose plan leaves sun unused; else all it has."""
        if not self.sunspec.available:
            return
        now_s = Moment.now().unix_s
        slot = self._slot_at(now_s)
        try:
            if slot in self._export_limit_w:
                await self._limit(slot, now_s)
            elif self._limited is not None:
                await self.sunspec.release()
                self._limited = None
        except CommandRefused as refused:
            if self._complained != slot:
                self._complained = slot
                log.warning("%s: slot %d: export is not limited as planned: %s", self.home.id, slot, refused)

    async def _limit(self, slot: int, now_s: float) -> None:
        house_w = 0 if self._own_load_w is None else self._own_load_w + self.home.measurements.devices_w
        limit_w = self._export_limit_w[slot] + house_w
        if self.sunspec.most_w is not None:
            limit_w = min(limit_w, int(self.sunspec.most_w))
        state = self.sunspec.state
        others = state is not None and state.limit_w is not None and self._limited is None
        if self._limited == (slot, limit_w) or (others and state is not None and (state.limit_w or 0) <= limit_w):
            return
        # Of an agent that dies it is free a slot later.
        end_s = self._epoch_s + (slot + 2) * self._slot_seconds
        await self.sunspec.limit(limit_w, min(REVERT_SECONDS_MOST, max(1, math.ceil(end_s - now_s))))
        self._limited = (slot, limit_w)
