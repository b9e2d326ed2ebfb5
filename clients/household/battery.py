"""A battery as the plan sees it: limits, and what a slot's wish makes of its energy."""

from __future__ import annotations

from typing import NamedTuple

from clients.common.slots import SLOTS_PER_HOUR
from wire.mqtt import Nameplate


class BatteryLimits(NamedTuple):
    """``min_wh`` to ``max_wh`` of stored energy; at most ``slot_wh`` in or out in a slot (at the terminals).

    ``capacity_wh``: what a full cycle fills; 0 stands for ``max_wh``.
    """

    min_wh: int
    max_wh: int
    slot_wh: int
    efficiency_permille: int = 1000
    capacity_wh: int = 0

    @classmethod
    def of(cls, nameplate: Nameplate) -> BatteryLimits | None:
        """What a home's nameplate says; None without a battery."""
        if not nameplate.battery_wh:
            return None
        return cls(
            nameplate.battery_min_wh,
            nameplate.battery_max_wh,
            nameplate.battery_w // SLOTS_PER_HOUR,
            nameplate.battery_efficiency_permille or 1000,
            nameplate.battery_wh,
        )

    def possible_wh(self, energy_wh: int, wish_wh: int) -> int:
        """How much of a slot's wish (positive = discharge) power and state of charge allow, Wh at the terminals."""
        wish = max(-self.slot_wh, min(self.slot_wh, wish_wh))
        if wish > 0:
            return min(wish, max(0, energy_wh - self.min_wh))
        return -min(-wish, max(0, self.max_wh - energy_wh) * 1000 // self.efficiency_permille)

    def reachable_wh(self, energy_wh: int, wish_wh: int, left: float) -> int:
        """The same for what is ``left`` of a slot, a share of it."""
        power_wh = int(self.slot_wh * left)
        return self.possible_wh(energy_wh, max(-power_wh, min(power_wh, wish_wh)))

    def after(self, energy_wh: int, out_wh: int) -> int:
        """The energy after ``out_wh`` flowed out (in, when negative: the round trip's loss is taken then)."""
        return energy_wh - out_wh if out_wh > 0 else energy_wh + -out_wh * self.efficiency_permille // 1000
