"""A real inverter over SunSpec Modbus TCP, polled: power, energy, state, and a limit on its power."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import NamedTuple

from clients.household.devices.change import ChangeKind
from clients.household.devices.device import POWER_MARGIN_PERMILLE, Device
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from clients.household.devices.sunspec import models
from clients.household.devices.sunspec.block import BusError, SunSpecError
from clients.household.devices.sunspec.bus import ModbusBus
from clients.household.devices.sunspec.map import COMMON, Map, discover

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
TIMEOUT_SECONDS = 2.0
REVERT_SECONDS_MOST = 0xFFFE
NEAR_WRAP = Fraction(95, 100)
"""A counter that falls from beyond this share of its range has started anew, and didn't go back."""


class SunSpecState(NamedTuple):
    """``energy_wh`` is the inverter's life-time counter; ``limit_w`` the limit in force, None without one."""

    power_w: int
    energy_wh: int
    status: models.OperatingState
    limit_w: int | None
    charge_permille: int | None


class SunSpecInverter(Device):
    """A driver with a connection of its own: run it beside the link. ``serial``: refuse any other device there.

    On a roster it is watched for silence as others are; it has no topics.
    """

    slowest_way_s = 3.0
    """What a round of requests may take."""

    def __init__(
        self,
        home: str,
        name: str,
        host: str,
        port: int = 502,
        unit: int = 1,
        *,
        serial: str | None = None,
        poll_s: float = POLL_SECONDS,
        timeout_s: float = TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(home, name)
        self._bus = ModbusBus(host, port, unit, timeout_s)
        self._serial = serial
        self._poll_s = poll_s
        self._map: Map | None = None
        self._ordered: tuple[int, float] | None = None
        self._hurry = asyncio.Event()
        self.identity: models.Identity | None = None
        self.most_w: Fraction | None = None
        self.state: SunSpecState | None = None
        self.failures = 0
        self.last_failure: str | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        return ()

    @property
    def interval_s(self) -> float:
        return self._poll_s

    async def run(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        """Poll until cancelled, and do ``then`` after each time; what fails is counted and tried again."""
        task = asyncio.current_task()
        try:
            # Python 3.11's wait_for, which pymodbus uses, loses a cancellation that comes together with the answer.
            while task is None or not task.cancelling():
                self._hurry.clear()
                await self.poll()
                if then is not None:
                    await then()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await self._hurry.wait()
        finally:
            await self._bus.close()

    def hurry(self) -> None:
        """Poll now and not only when it's time."""
        self._hurry.set()

    async def poll(self) -> None:
        """Read the inverter once. What it says is believed or refused and counted, as with any device."""
        try:
            state = await self._read()
        except BusError as error:
            self._failed(error)
        except SunSpecError as error:
            self._map = None
            self.refusals.add(Refused(Fault.MALFORMED, str(error)))
        except Refused as refused:
            self.refusals.add(refused)
        else:
            now = Moment.now()
            self.state = state
            self._heard(False, now.unix_s, now)
            self._watch(state, now)
        self.tick(Moment.now())

    async def limit(self, limit_w: int, revert_s: int) -> None:
        """Let it give at most ``limit_w`` for ``revert_s`` seconds; the inverter ends that by itself.

        Raises: CommandRefused when it can't, doesn't, or mustn't; the last poll's values are then still there.
        """
        self._must_be_available()
        if self._map is None or self.most_w is None or models.CONTROLS not in self._map.places:
            raise CommandRefused(
                f"{self.name} takes no power limit: it has no model {models.CONTROLS} or tells no rating"
            )
        if not 0 <= limit_w <= self.most_w:
            raise CommandRefused(f"limit_w is {limit_w}; give 0 to {int(self.most_w)}")
        if not 1 <= revert_s <= REVERT_SECONDS_MOST:
            raise CommandRefused(f"revert_s is {revert_s}; give 1 to {REVERT_SECONDS_MOST} s")
        try:
            controls = await self._map.read(self._bus, models.CONTROLS)
            if controls is None:
                raise CommandRefused(f"{self.name} has no model {models.CONTROLS} any more")
            registers = models.limit_registers(controls, self.most_w, limit_w, revert_s)
            await self._bus.write(controls.address + 5, registers)
            after = await self._map.read(self._bus, models.CONTROLS)
            in_force_w = None if after is None else models.limit_w(after, self.most_w)
        except SunSpecError as error:
            raise CommandRefused(f"{self.name} took no limit: {error}") from error
        if in_force_w is None or in_force_w > limit_w:
            raise CommandRefused(
                f"{self.name} acknowledged {limit_w} W but limits to {in_force_w}: unlock remote control"
            )
        self._ordered = (limit_w, Moment.now().steady_s + revert_s)
        self.oscillation.acknowledged()

    async def release(self) -> None:
        """End the limit. Raises: CommandRefused."""
        self._must_be_available()
        if self._map is None or models.CONTROLS not in self._map.places:
            raise CommandRefused(f"{self.name} takes no power limit: it has no model {models.CONTROLS}")
        try:
            await self._bus.write(self._map.places[models.CONTROLS].address + 9, [0])
        except SunSpecError as error:
            raise CommandRefused(f"{self.name} keeps its limit: {error}") from error
        self._ordered = None

    def _failed(self, error: BusError) -> None:
        self.failures += 1
        self.last_failure = str(error)
        self._map = None
        if self.failures & (self.failures - 1) == 0:
            log.warning("%s/%s: %s (failure %d)", self.home, self.name, error, self.failures)

    def _watch(self, state: SunSpecState, now: Moment) -> None:
        """Compare with the limit that it acknowledged, as long as that holds."""
        if self._ordered is None:
            return
        limit_w, until_s = self._ordered
        if now.steady_s >= until_s:
            self._ordered = None
            return
        self.oscillation.observed(state.limit_w is not None and state.limit_w <= limit_w, now.steady_s)

    async def _read(self) -> SunSpecState:
        if self._map is None:
            self._map = await self._introduce()
        read = {}
        for model in (*models.INTEGER_INVERTERS, *models.FLOAT_INVERTERS, models.CONTROLS, models.STORAGE):
            block = await self._map.read(self._bus, model)
            if block is not None:
                read[model] = block
        inverter = next((read[model] for model in sorted(read) if model < models.NAMEPLATE), None)
        if inverter is None:
            raise SunSpecError(f"{self._bus.where}: none of the models 101 to 103 and 111 to 113: not an inverter")
        seen = models.measured(inverter)
        self._check(seen)
        limit_w = None
        if models.CONTROLS in read and self.most_w is not None:
            limit_w = models.limit_w(read[models.CONTROLS], self.most_w)
        return SunSpecState(
            power_w=round(seen.power_w),
            energy_wh=int(seen.energy_wh),
            status=seen.status,
            limit_w=None if limit_w is None else int(limit_w),
            charge_permille=models.charge_permille(read[models.STORAGE]) if models.STORAGE in read else None,
        )

    async def _introduce(self) -> Map:
        found = await discover(self._bus)
        common = await found.read(self._bus, COMMON)
        if common is None:
            raise SunSpecError(f"{self._bus.where}: no model {COMMON}")
        identity = models.identity(common)
        if self._serial is not None and identity.serial != self._serial:
            raise Refused(
                Fault.WRONG_CLIENT,
                f"{self._bus.where}: serial number is {identity.serial!r}, not {self._serial!r}: check the address",
            )
        settings = await found.read(self._bus, models.SETTINGS)
        self.most_w = models.most_power_w(settings, await found.read(self._bus, models.NAMEPLATE))
        if self.identity is not None and self.identity != identity:
            self.state = None
            self._tell(ChangeKind.RATING, f"another inverter: {identity.manufacturer} {identity.model}")
        self.identity = identity
        return found

    def _check(self, seen: models.Measured) -> None:
        if self.most_w is not None and abs(seen.power_w) > self.most_w * POWER_MARGIN_PERMILLE / 1000:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"power is {float(seen.power_w):g} W; it is rated for {float(self.most_w):g}: check scale factors",
            )
        last = self.state
        if last is not None and seen.energy_wh < last.energy_wh:
            wraps = seen.wraps_at_wh is not None and last.energy_wh > seen.wraps_at_wh * NEAR_WRAP
            if not wraps:
                raise Refused(
                    Fault.IMPLAUSIBLE,
                    f"energy is {float(seen.energy_wh):g} Wh, it was {last.energy_wh}; a counter never falls",
                )
