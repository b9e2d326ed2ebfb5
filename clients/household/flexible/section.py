"""The flexible devices of a home, as the configuration lists them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR

Watts = Annotated[int, Field(ge=1, le=1_000_000)]


class DeviceKind(StrEnum):
    """What kinds there are."""

    CAR_CHARGER = "car_charger"
    HEAT_PUMP = "heat_pump"
    WATER_HEATER = "water_heater"
    PLUG = "plug"


def _time_of_day(value: str) -> str:
    hours, separator, minutes = value.partition(":")
    if not (separator and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        raise ValueError("give a time of day such as 08:00")
    return value


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]


class ApplianceSection(Section):
    """A run at a plug, once a day: it waits from ``ready`` on and must be over at ``done_by`` (times of day; the next
    day's, if that is earlier). ``profile_w``: what it takes in each slot (ten minutes) once it has begun."""

    ready: TimeOfDay
    done_by: TimeOfDay
    profile_w: Annotated[tuple[Annotated[int, Field(ge=0, le=1_000_000)], ...], Field(strict=False, min_length=1)]

    @property
    def ready_slot(self) -> int:
        """The slot of the day that it is ready in."""
        return _slot_of_day(self.ready)

    @property
    def window_slots(self) -> int:
        """How many slots there are for it."""
        return (_slot_of_day(self.done_by) - self.ready_slot - 1) % SLOTS_PER_DAY + 1

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.profile_w) > self.window_slots:
            raise ValueError(
                f"profile_w lasts {len(self.profile_w)} slots; from {self.ready} to {self.done_by} there are "
                f"{self.window_slots}: give it more time"
            )
        return self


class DeviceSection(Section):
    """One device; ``most_w``: what the person lets it take, whatever it could."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
    kind: Annotated[DeviceKind, Field(strict=False)]
    most_w: Watts | None = None
    appliance: ApplianceSection | None = None

    @model_validator(mode="after")
    def _appliance_at_a_plug(self) -> Self:
        if (self.kind is DeviceKind.PLUG) != (self.appliance is not None):
            raise ValueError("a plug needs appliance, and nothing else takes it: what is to run, and when")
        return self


def _slot_of_day(time_of_day: str) -> int:
    hours, _, minutes = time_of_day.partition(":")
    return int(hours) * SLOTS_PER_HOUR + int(minutes) * SLOTS_PER_HOUR // 60
