"""Set points of a home's hybrid inverter: battery mode and export limit of a slot go out as one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from clients.household.devices.device import Outgoing
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import CommandRefused
from clients.household.devices.unanswered import Unanswered
from wire.mqtt import Mode, Nameplate, SetPoint, Status, StatusCode, Topics

SLOTS_AHEAD = 288


class Accepted(NamedTuple):
    """A set point that the inverter has said to follow since ``time_ms``."""

    set_point: SetPoint
    time_ms: int


class ExportLimit(NamedTuple):
    """What may flow into the grid in a slot; None: as much as will."""

    limit_w: int | None


class SlotSteering:
    """Shared by a home's battery and inverter drivers."""

    def __init__(self, home: str, topics: Topics, unanswered: Unanswered) -> None:
        self._home = home
        self._topic = topics.set_point(home)
        self._unanswered = unanswered
        self._sent: dict[int, SetPoint] = {}
        self._by_sequence: dict[int, SetPoint] = {}
        self.accepted: dict[int, Accepted] = {}

    def ordered(self, slot: int) -> SetPoint | None:
        """What was sent for a slot, unless the inverter refused it."""
        return self._sent.get(slot)

    def order(
        self,
        plate: Nameplate,
        slot: int,
        now: Moment,
        send: Callable[[Outgoing], None],
        battery: tuple[Mode, int | None] | None = None,
        export: ExportLimit | None = None,
    ) -> int:
        """Send what a slot is to be, keeping what was ordered for it before of the other part.

        Returns the sequence number. Raises: CommandRefused for a slot that is over or too far ahead.
        """
        running = int((now.unix_s - plate.epoch_s) // plate.slot_seconds)
        if not running <= slot <= running + SLOTS_AHEAD:
            raise CommandRefused(f"slot is {slot}; {running} is running: give that to {running + SLOTS_AHEAD}")
        # What the slot that has just ended was to be is judged by telemetry that may be still on its way.
        self._forget_before(running - 1)
        before = self._sent.get(slot)
        if battery is None:
            mode: Mode = before.mode if before else "self"
            power_w, grid_wh = (before.power_w, before.grid_wh) if before else (None, None)
        else:
            mode, value = battery
            power_w, grid_wh = (value if mode == "power" else None), (value if mode == "follow" else None)
        if export is None:
            export = ExportLimit(before.export_limit_w if before else None)
        set_point = SetPoint(
            sequence=self._unanswered.number(now),
            slot=slot,
            mode=mode,
            power_w=power_w,
            grid_wh=grid_wh,
            export_limit_w=export.limit_w,
        )
        slot_end_s = plate.epoch_s + (slot + 1) * plate.slot_seconds
        send(Outgoing(self._topic, set_point.encode(), slot_end_s))
        self._unanswered.sent(set_point.sequence, f"{mode} in slot {slot}", now)
        self._sent[slot] = self._by_sequence[set_point.sequence] = set_point
        return set_point.sequence

    def answer(self, status: Status) -> SetPoint | None:
        """Take the inverter's answer; returns the set point that it is about, None for one that we didn't send."""
        self._unanswered.answered(status.sequence)
        set_point = self._by_sequence.pop(status.sequence, None) if status.sequence is not None else None
        if set_point is None:
            return None
        if status.code is StatusCode.ACCEPTED:
            self.accepted[set_point.slot] = Accepted(set_point, status.time_ms)
        elif self._sent.get(set_point.slot) is set_point:
            del self._sent[set_point.slot]
        return set_point

    def forget(self) -> None:
        """The inverter is another one, or keeps another clock."""
        self._sent.clear()
        self._by_sequence.clear()
        self.accepted.clear()

    def _forget_before(self, running: int) -> None:
        for orders in (self._sent, self.accepted):
            for slot in [slot for slot in orders if slot < running]:
                del orders[slot]
        for sequence in [number for number, order in self._by_sequence.items() if order.slot < running]:
            del self._by_sequence[sequence]
