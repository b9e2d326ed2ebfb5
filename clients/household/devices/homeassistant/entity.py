"""What Home Assistant's MQTT discovery is told of one sensor or control.

Fields as documented at home-assistant.io: "MQTT" (discovery, device, origin, availability), "MQTT Sensor", "MQTT
Switch", "MQTT button", "MQTT Number", and "Sensor" for device classes with their units.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum


class Component(StrEnum):
    """The kinds of entity that a home has."""

    SENSOR = "sensor"
    SWITCH = "switch"
    BUTTON = "button"
    NUMBER = "number"


@dataclass(frozen=True)
class Entity:
    """One line on a home's page in Home Assistant. ``key`` names it in topics and ids and never changes."""

    component: Component
    key: str
    name: str
    fields: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """The values that a number takes: ``least`` to ``most`` by ``step``."""

    least: int
    most: int
    step: int

    def read(self, text: str) -> int:
        """The number in a payload. Raises: ValueError naming value and way out."""
        whole, _, fraction = text.strip().partition(".")
        # Home Assistant writes 20 as "20.0" where a step is a float.
        if not whole.isascii() or not whole.isdigit() or fraction.strip("0") or len(whole) > 9:
            raise ValueError(f"value is {text[:20]!r}; give a whole number of {self.least} to {self.most}")
        value = int(whole)
        if not self.least <= value <= self.most or (value - self.least) % self.step:
            raise ValueError(f"value is {value}; give {self.least} to {self.most} in steps of {self.step}")
        return value


PERCENT = Span(0, 100, 5)
RESERVE_KEY = "reserve"
COMFORT_KEY = "comfort"
PAUSE_KEY = "pause_trading"
CHARGE_KEY = "charge_now"
NOTICE_KEY = "notice"
LIMITS_KEY = "limits"
# Words, each on a topic of its own.
WORDS = (NOTICE_KEY, LIMITS_KEY)

ENTITIES = (
    Entity(
        Component.SENSOR,
        "state_of_charge",
        "Battery",
        {"device_class": "battery", "unit_of_measurement": "%", "state_class": "measurement"},
    ),
    # No device class: "monetary" is for amounts, not for a price of a kWh.
    Entity(
        Component.SENSOR,
        "price",
        "Price now",
        {"unit_of_measurement": "EUR/kWh", "state_class": "measurement", "suggested_display_precision": 4},
    ),
    Entity(
        Component.SENSOR,
        "planned_flow",
        "Planned flow from the grid",
        {"device_class": "power", "unit_of_measurement": "W", "state_class": "measurement"},
    ),
    Entity(
        Component.SENSOR,
        "earnings",
        "Saved by the market on this month's flows",
        {
            "device_class": "monetary",
            "unit_of_measurement": "EUR",
            "state_class": "total",
            "suggested_display_precision": 2,
        },
    ),
    Entity(Component.SENSOR, NOTICE_KEY, "Notice", {"entity_category": "diagnostic"}),
    Entity(Component.SENSOR, LIMITS_KEY, "Limits that the plan could not hold", {"entity_category": "diagnostic"}),
    Entity(Component.SWITCH, PAUSE_KEY, "Pause trading"),
    Entity(Component.BUTTON, CHARGE_KEY, "Charge now"),
    Entity(
        Component.NUMBER,
        RESERVE_KEY,
        "Reserve for outages",
        {"unit_of_measurement": "%", "entity_category": "config"},
    ),
    Entity(
        Component.NUMBER,
        COMFORT_KEY,
        "Least warmth in the store",
        {"unit_of_measurement": "%", "entity_category": "config"},
    ),
)


def encode(message: dict[str, object]) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
