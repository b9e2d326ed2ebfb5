"""A household battery: a rating and an energy that never leaves its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.units import MJ_PER_WH


@dataclass(frozen=True)
class BatteryRating:
    """What a battery can do. Thesis: ideal, 20-80 % state of charge, starting half full.

    ``efficiency_permille`` is the round trip's, taken when charging; 1000 is ideal. Raises ValueError naming the
    field.
    """

    capacity_wh: int
    power_w: int
    min_wh: int
    max_wh: int
    start_wh: int
    efficiency_permille: int = 1000

    def __post_init__(self) -> None:
        for name in ("capacity_wh", "power_w", "efficiency_permille"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 1 or more")
        if self.efficiency_permille > 1000:
            raise ValueError(f"efficiency_permille is {self.efficiency_permille}; give at most 1000")
        if not 0 <= self.min_wh <= self.start_wh <= self.max_wh <= self.capacity_wh:
            raise ValueError(
                f"min_wh {self.min_wh}, start_wh {self.start_wh}, max_wh {self.max_wh}, capacity_wh {self.capacity_wh}"
                "; give them in ascending order from 0"
            )

    @classmethod
    def of_capacity(cls, capacity_wh: int, power_w: int, efficiency_permille: int = 1000) -> BatteryRating:
        """The thesis's use of a battery: between 20 and 80 % of its capacity, from 50 %."""
        return cls(
            capacity_wh=capacity_wh,
            power_w=power_w,
            min_wh=-(-capacity_wh // 5),
            max_wh=capacity_wh * 4 // 5,
            start_wh=capacity_wh // 2,
            efficiency_permille=efficiency_permille,
        )


class BatteryRecord(NamedTuple):
    """What a battery did since it was last asked: energy put in and taken out of store, and the extremes that it held
    (mJ)."""

    charged_mj: int
    discharged_mj: int
    lowest_mj: int
    highest_mj: int


@dataclass
class Battery:
    """The battery's stored energy. All flows are at its terminals, mJ: positive = discharge."""

    rating: BatteryRating
    energy_mj: int = field(default=-1)
    _record: BatteryRecord | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.energy_mj < 0:
            self.energy_mj = self.rating.start_wh * MJ_PER_WH

    def dischargeable_mj(self) -> int:
        """The most that can flow out before the lower limit."""
        return max(0, self.energy_mj - self.rating.min_wh * MJ_PER_WH)

    def chargeable_mj(self) -> int:
        """The most that can flow in before the upper limit."""
        room_mj = max(0, self.rating.max_wh * MJ_PER_WH - self.energy_mj)
        return room_mj * 1000 // self.rating.efficiency_permille

    def move(self, out_mj: int) -> None:
        """Lets energy flow out (or in, when negative). Raises ValueError beyond what a limit allows."""
        if not -self.chargeable_mj() <= out_mj <= self.dischargeable_mj():
            possible = f"{-self.chargeable_mj()} to {self.dischargeable_mj()}"
            raise ValueError(f"battery flow of {out_mj} mJ; {possible} is possible")
        taken_mj = out_mj if out_mj > 0 else -(-out_mj * self.rating.efficiency_permille // 1000)
        before = self._record or BatteryRecord(0, 0, self.energy_mj, self.energy_mj)
        self.energy_mj -= taken_mj
        self._record = BatteryRecord(
            before.charged_mj + max(0, -taken_mj),
            before.discharged_mj + max(0, taken_mj),
            min(before.lowest_mj, self.energy_mj),
            max(before.highest_mj, self.energy_mj),
        )

    def take_record(self) -> BatteryRecord:
        """What it did since the last call, or since the start."""
        record, self._record = self._record, None
        return record or BatteryRecord(0, 0, self.energy_mj, self.energy_mj)
