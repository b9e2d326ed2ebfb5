"""The set points a home has been given: one for a slot, refused with a reason where they can't be."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.battery import BatteryRating
from wire.mqtt import SetPoint, StatusCode

HORIZON_SLOTS = 288


@dataclass
class SetPoints:
    """Set points by slot, and the last accepted sequence number."""

    rating: BatteryRating | None
    last_sequence: int = -1
    by_slot: dict[int, SetPoint] = field(default_factory=dict)

    def offer(self, set_point: SetPoint, slot: int) -> tuple[StatusCode, str]:
        """Takes or refuses a set point during ``slot``; a refused one changes nothing. Returns code and reason."""
        if set_point.sequence <= self.last_sequence:
            return (
                StatusCode.REPLAYED,
                f"sequence is {set_point.sequence}; give more than {self.last_sequence}, the last accepted",
            )
        if set_point.slot < slot:
            return StatusCode.LATE, f"slot is {set_point.slot}, which has ended; give {slot} or later"
        if set_point.slot > slot + HORIZON_SLOTS:
            return StatusCode.TOO_EARLY, f"slot is {set_point.slot}; give at most {slot + HORIZON_SLOTS} now"
        if set_point.mode != "self" and self.rating is None:
            return StatusCode.NO_BATTERY, f"mode is {set_point.mode}; a home without a battery takes only 'self'"
        power_w = set_point.power_w or 0
        if self.rating is not None and abs(power_w) > self.rating.power_w:
            return (
                StatusCode.BEYOND_POWER,
                f"power_w is {power_w}; give -{self.rating.power_w} to {self.rating.power_w}",
            )
        self.last_sequence = set_point.sequence
        self.by_slot[set_point.slot] = set_point
        return StatusCode.ACCEPTED, f"{_what(set_point)} in slot {set_point.slot}"

    def of(self, slot: int) -> SetPoint | None:
        """The set point in force in a slot, None for plain self-consumption."""
        return self.by_slot.get(slot)

    def forget_before(self, slot: int) -> None:
        """Drops what can never be in force again."""
        for past in [number for number in self.by_slot if number < slot]:
            del self.by_slot[past]


def _what(set_point: SetPoint) -> str:
    match set_point.mode:
        case "power":
            return f"power {set_point.power_w} W"
        case "follow":
            return f"follow {set_point.grid_wh} Wh"
        case "self":
            return "self-consumption"
