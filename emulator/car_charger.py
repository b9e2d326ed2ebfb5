"""A charging point with a car that comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from emulator.clock import Clock
from emulator.device import EmulatedDevice, Refusal
from emulator.units import MJ_PER_WH
from wire.device import AnswerCode, CarChargerRating, CarChargerState


@dataclass(frozen=True)
class Visit:
    """A car is there from ``arrival_ms`` to ``departure_ms`` (emulated) with ``car_wh`` in its battery; ``needed_wh``
    more are needed. Raises ValueError naming the field."""

    arrival_ms: int
    departure_ms: int
    car_wh: int
    capacity_wh: int
    needed_wh: int

    def __post_init__(self) -> None:
        if self.arrival_ms >= self.departure_ms:
            raise ValueError(f"departure_ms is {self.departure_ms}; give more than arrival_ms, {self.arrival_ms}")
        if not 0 <= self.car_wh <= self.capacity_wh:
            raise ValueError(f"car_wh is {self.car_wh}; give 0 to capacity_wh, {self.capacity_wh}")
        if not 0 <= self.needed_wh <= self.capacity_wh - self.car_wh:
            raise ValueError(f"needed_wh is {self.needed_wh}; {self.capacity_wh - self.car_wh} fit into the car")


class EmulatedCarCharger(EmulatedDevice[CarChargerRating]):
    """Charges with full power on its own, and by set point else; a full car takes nothing. A set point ends with the
    visit. Raises ValueError for visits that overlap or aren't in order."""

    def __init__(self, rating: CarChargerRating, clock: Clock, now_ms: int, visits: list[Visit]) -> None:
        for before, after in pairwise(visits):
            if after.arrival_ms < before.departure_ms:
                raise ValueError(f"arrival_ms is {after.arrival_ms}; the car before leaves at {before.departure_ms}")
        super().__init__(rating, clock, now_ms)
        self._coming = list(visits)
        self._visit: Visit | None = None
        self._charged_mj = 0
        self._departures = self._short_wh = 0
        self._settle()

    @property
    def power_w(self) -> int:
        if self._visit is None or self._room_mj() == 0:
            return 0
        return self.rating.max_w if self._set_w is None else self._set_w

    @property
    def missing_wh(self) -> int:
        """What the car still needs, Wh, rounded up."""
        if self._visit is None:
            return 0
        return -(-max(0, self._visit.needed_wh * MJ_PER_WH - self._charged_mj) // MJ_PER_WH)

    @property
    def held_wh(self) -> int:
        return self._visit.car_wh + self._charged_mj // MJ_PER_WH if self._visit is not None else 0

    def kept(self) -> dict[str, int]:
        """How many cars have left, and what they all together still needed then (Wh)."""
        return {"departures": self._departures, "short_wh": self._short_wh}

    def state(self, sequence: int) -> CarChargerState:
        visit = self._visit
        charged_wh = self._charged_mj // MJ_PER_WH
        return CarChargerState.model_validate(
            self._fields(sequence)
            | {
                "connected": visit is not None,
                "car_wh": visit.car_wh + charged_wh if visit else 0,
                "car_capacity_wh": visit.capacity_wh if visit else 0,
                "needed_wh": self.missing_wh,
                "departure_s": self.clock.unix_ms(visit.departure_ms) // 1000 if visit else None,
            }
        )

    def memory(self) -> dict[str, int]:
        left = {"departures": self._departures, "short_wh": self._short_wh}
        return super().memory() | {"charged_mj": self._charged_mj} | left

    def recall(self, memory: dict[str, int]) -> None:
        super().recall(memory)
        self._charged_mj = memory["charged_mj"]
        self._departures, self._short_wh = memory["departures"], memory["short_wh"]

    def _check(self, power_w: int) -> None:
        super()._check(power_w)
        if power_w and self._visit is None:
            raise Refusal(AnswerCode.NOT_NOW, "no car is connected; wait for one")

    def _room_mj(self) -> int:
        if self._visit is None:
            return 0
        return (self._visit.capacity_wh - self._visit.car_wh) * MJ_PER_WH - self._charged_mj

    def _settle(self) -> None:
        super()._settle()
        while self._coming and self.now_ms >= self._coming[0].departure_ms and self._visit is not self._coming[0]:
            self._coming.pop(0)
        if self._visit is not None and self.now_ms >= self._visit.departure_ms:
            self._departures += 1
            self._short_wh += self.missing_wh
            self._visit, self._set_w = None, None
            self._coming.pop(0)
        if self._visit is None and self._coming and self.now_ms >= self._coming[0].arrival_ms:
            self._visit = self._coming[0]
            self._charged_mj = 0

    def _events_ms(self, power_w: int) -> list[int]:
        events = []
        if self._visit is not None:
            events.append(self._visit.departure_ms)
            if power_w:
                events.append(self.now_ms + -(-self._room_mj() // power_w))
        elif self._coming:
            events.append(self._coming[0].arrival_ms)
        return events

    def _move(self, power_w: int, duration_ms: int) -> int:
        taken_mj = min(power_w * duration_ms, self._room_mj())
        self._charged_mj += taken_mj
        return taken_mj

    def _shown(self) -> object:
        return self._visit
