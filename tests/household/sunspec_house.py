"""A house with an emulated SunSpec inverter on its roof, whose meter speaks over MQTT: what the inverter is limited by
is what the meter doesn't count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import aiomqtt
from pymodbus.constants import ExcCodes

from emulator.sunspec import SunSpecModels, SunSpecServer
from wire.mqtt import Nameplate, Reading, Topics

TOPICS = Topics()
_STEP_S = 0.01


class Roof(SunSpecServer):
    """The inverter; ``live`` are its registers as they are now, which ``spoil`` may change behind its back."""

    live: list[int] | None = None
    spoil: Callable[[list[int]], None] = staticmethod(lambda registers: None)

    async def act(
        self, _function: int, start: int, address: int, count: int, registers: list[int], values: Sequence[int] | None
    ) -> ExcCodes | None:
        self.live = registers
        verdict = await super().act(_function, start, address, count, registers, values)
        self.spoil(registers)
        return verdict


class SunSpecHouse:
    """Takes ``load_w``; ``models.pv_w`` is what the sun offers."""

    def __init__(
        self, home: str, meter: str, epoch_s: int, slot_seconds: int, load_w: int, pv_w: int, model: int = 103
    ) -> None:
        self.models = SunSpecModels(rated_w=5_000, pv_w=pv_w, model=model)
        self.load_w = load_w
        self.port = 0
        self.net_wh: dict[int, float] = {}
        self.roof: Roof | None = None
        self._epoch_s = epoch_s
        self._slot_seconds = slot_seconds
        self._home = home
        self._plate = Nameplate(
            home=home,
            kind="pv_battery",
            meter=meter,
            epoch_s=epoch_s,
            slot_seconds=slot_seconds,
            day_slot=0,
            pv_wp=5_000,
            battery_wh=0,
            battery_w=0,
            battery_min_wh=0,
            battery_max_wh=0,
            battery_efficiency_permille=0,
        )

    @property
    def now(self) -> int:
        """The running slot."""
        return int((time.time() - self._epoch_s) // self._slot_seconds)

    @property
    def power_w(self) -> float:
        """What the inverter gives now."""
        return min(self.models.pv_w, self.limit_w) if self.roof is not None else 0.0

    @property
    def limit_w(self) -> float:
        """What it is limited to; its rating, where it isn't."""
        live = self.roof.live if self.roof is not None else None
        return self.models.limit_w(self.models.registers if live is None else live)

    async def up(self, port: int = 0) -> None:
        """The inverter is switched on."""
        self.roof = Roof(self.models, port)
        await self.roof.__aenter__()
        self.port = self.roof.port

    async def down(self) -> None:
        """The inverter is switched off, with its sun."""
        roof, self.roof = self.roof, None
        if roof is not None:
            await roof.__aexit__()

    async def meter(self, broker_port: int) -> None:
        """Count, and tell at each slot's end, until cancelled."""
        imported = exported = 0.0
        sequence, slot, at_s = 0, self.now, time.time()
        async with aiomqtt.Client("127.0.0.1", broker_port) as client:
            await client.publish(TOPICS.nameplate(self._home), self._plate.encode(), qos=1, retain=True)
            task = asyncio.current_task()
            # The client may lose a cancellation, as Python 3.11's wait_for does.
            while task is None or not task.cancelling():
                await asyncio.sleep(_STEP_S)
                if self.now != slot:
                    sequence += 1
                    reading = Reading(
                        meter=self._plate.meter,
                        sequence=sequence,
                        slot=self.now - 1,
                        time_s=int(time.time()),
                        import_wh=int(imported),
                        export_wh=int(exported),
                    )
                    await client.publish(TOPICS.reading(self._home), reading.encode(), qos=1, retain=True)
                    slot = self.now
                now_s = time.time()
                flowed_wh = (self.load_w - self.power_w) * (now_s - at_s) / self._slot_seconds / 6
                imported, exported = imported + max(0.0, flowed_wh), exported + max(0.0, -flowed_wh)
                self.net_wh[slot] = self.net_wh.get(slot, 0.0) + flowed_wh
                at_s = now_s
