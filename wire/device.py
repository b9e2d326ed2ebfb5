"""What a home's flexible devices and its agent say to each other over MQTT (docs/devices.md).

Car charger, heat pump, water heater and plug: each a device with an id of its own under ``<root>/<home>/device/<id>``.
Meter, inverter and battery speak the messages of ``wire.mqtt``, whose rules hold here too: one JSON object of integers,
strict readers. Power and energy of these devices are what they consume, never negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from wire.mqtt import Count, Message, Name, Topics

Interval = Annotated[int, Field(ge=1, le=86_400)]
Permille = Annotated[int, Field(ge=1, le=20_000)]


class DeviceRating(Message):
    """What a device can do; retained, sent at each connection.

    It takes 0 W or ``min_w`` to ``max_w``, and sends its state at least every ``interval_s`` seconds.
    """

    name: ClassVar[str] = "device rating"
    device: Name
    min_w: Count
    max_w: Annotated[int, Field(ge=1, le=1_000_000)]
    interval_s: Interval

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.min_w > self.max_w:
            raise ValueError(f"min_w is {self.min_w}; give at most max_w, {self.max_w}")
        return self


class CarChargerRating(DeviceRating):
    """A charging point for one car."""

    name: ClassVar[str] = "car charger rating"
    kind: Literal["car_charger"]


class HeatRating(DeviceRating):
    """A heat pump or water heater with a thermal store.

    ``store_max_wh`` is what the store can hold, ``comfort_min_wh`` to ``comfort_max_wh`` what the people want in it
    (thermal Wh); ``cop_permille``: heat per electricity in thousandths, 1000 for a resistor.
    """

    name: ClassVar[str] = "heat rating"
    kind: Literal["heat_pump", "water_heater"]
    cop_permille: Permille
    comfort_min_wh: Count
    comfort_max_wh: Count
    store_max_wh: Count

    @model_validator(mode="after")
    def _band(self) -> Self:
        if not self.comfort_min_wh <= self.comfort_max_wh <= self.store_max_wh:
            raise ValueError(
                f"comfort_min_wh {self.comfort_min_wh}, comfort_max_wh {self.comfort_max_wh}, store_max_wh "
                f"{self.store_max_wh}; give them in ascending order"
            )
        return self


class PlugRating(DeviceRating):
    """A switched socket: 0 W or what hangs on it, at most ``max_w``."""

    name: ClassVar[str] = "plug rating"
    kind: Literal["plug"]


class DeviceState(Message):
    """What a device does now; retained, sent on change and at least every ``interval_s`` of its rating.

    ``sequence`` grows with each state and goes on after a restart (the Unix time in ms is a good choice). ``energy_wh``
    is what it has consumed in its life, never falling. ``set_w`` is the set point in force, absent under own control.
    """

    name: ClassVar[str] = "device state"
    device: Name
    sequence: Count
    time_ms: Count
    power_w: Count
    energy_wh: Count
    set_w: Count | None = None


class CarChargerState(DeviceState):
    """``car_wh`` of ``car_capacity_wh`` are in the car's battery; ``needed_wh`` more must be in by ``departure_s``
    (Unix seconds, absent when nobody said). All four are 0 or absent without a car."""

    name: ClassVar[str] = "car charger state"
    connected: bool
    car_wh: Count
    car_capacity_wh: Count
    needed_wh: Count
    departure_s: Count | None = None


class HeatState(DeviceState):
    """``store_wh``: heat in the store, thermal Wh."""

    name: ClassVar[str] = "heat state"
    store_wh: Count


class PlugState(DeviceState):
    """``on``: current may flow."""

    name: ClassVar[str] = "plug state"
    on: bool


class DeviceCommand(Message):
    """A set point that ends at ``until_s`` (Unix seconds), when the device goes back to its own control; without
    ``power_w`` it does so at once. ``sequence`` must grow with each command to a device."""

    name: ClassVar[str] = "device command"
    device: Name
    sequence: Count
    until_s: Count
    power_w: Count | None = None


class AnswerCode(StrEnum):
    """What became of a command."""

    ACCEPTED = "accepted"
    MALFORMED = "malformed"
    WRONG_DEVICE = "wrong_device"
    REPLAYED = "replayed"
    EXPIRED = "expired"
    BEYOND_POWER = "beyond_power"
    NOT_NOW = "not_now"


class DeviceAnswer(Message):
    """The device's answer to one command; ``sequence`` is absent where the command was unreadable."""

    name: ClassVar[str] = "device answer"
    device: Name
    code: Annotated[AnswerCode, Field(strict=False)]
    reason: Annotated[str, Field(max_length=1_000)]
    time_ms: Count
    sequence: Count | None = None


@dataclass(frozen=True)
class DeviceTopics:
    """The topics of one device of one home. '+' in place of ``home`` or ``device`` subscribes to all."""

    root: Topics
    home: str
    device: str

    def _of(self, last: str) -> str:
        return f"{self.root.root}/{self.home}/device/{self.device}/{last}"

    @property
    def rating(self) -> str:
        """What it can do, QoS 1, retained."""
        return self._of("rating")

    @property
    def state(self) -> str:
        """What it does, QoS 1, retained."""
        return self._of("state")

    @property
    def command(self) -> str:
        """Set points to it, QoS 1, not retained."""
        return self._of("command")

    @property
    def answer(self) -> str:
        """Its answers, QoS 1, not retained."""
        return self._of("answer")

    @property
    def online(self) -> str:
        """Retained ``true`` while it is connected; its last will sets ``false``."""
        return self._of("online")
