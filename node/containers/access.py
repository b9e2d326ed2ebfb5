"""Who may read and write what at the containers' broker, as docs/mqtt.md has it ("Trust").

Each service may read what it subscribes to and write what it publishes, and nothing else: what a home's devices and its
page say, and what its inverter tells of load and battery, is for the home's agent alone.
"""

from __future__ import annotations

from typing import Final

from clients.household.configuration import HomeAssistantSection
from clients.household.devices.homeassistant import Discovery
from clients.household.devices.homeassistant.entity import ENTITIES, WORDS
from wire.device import DeviceTopics
from wire.mqtt import Topics

_ALL: Final = "+"
_TOPICS: Final = Topics()
_DEVICE: Final = DeviceTopics(_TOPICS, _ALL, _ALL)
_HOME_ASSISTANT: Final = HomeAssistantSection()
_PAGE: Final = Discovery(_TOPICS, _HOME_ASSISTANT.agent, _HOME_ASSISTANT.prefix)

_DSO_READS: Final = (
    _TOPICS.reading(_ALL),
    _TOPICS.gone(_ALL),
    _TOPICS.station(),
    _TOPICS.station_now(),
    _TOPICS.answered(_ALL),
)
_DSO_WRITES: Final = (_TOPICS.recall(_ALL), _TOPICS.assignment(_ALL))
_HOUSEHOLDS_READ: Final = (
    _TOPICS.nameplate(_ALL),
    _TOPICS.history(_ALL),
    _TOPICS.reading(_ALL),
    _TOPICS.telemetry(_ALL),
    _TOPICS.status(_ALL),
    _TOPICS.assignment(_ALL),
    _TOPICS.online(),
    _DEVICE.rating,
    _DEVICE.state,
    _DEVICE.answer,
    _DEVICE.online,
    _PAGE.command(_ALL, _ALL),
    _PAGE.birth,
)
_HOUSEHOLDS_WRITE: Final = (
    _TOPICS.set_point(_ALL),
    _TOPICS.answered(_ALL),
    _DEVICE.command,
    _PAGE.state(_ALL),
    *(_PAGE.words(_ALL, key) for key in WORDS),
    _PAGE.online,
    # A home's page is known by the home's id.
    *(f"{_HOME_ASSISTANT.prefix}/{entity.component}/{_ALL}/{entity.key}/config" for entity in ENTITIES),
)


def _rules(reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[str, ...]:
    return (*(f"topic read {topic}" for topic in reads), *(f"topic write {topic}" for topic in writes))


ACCESS: Final = {
    # It is all homes' meters, inverters and devices, and the station.
    "emulator": (f"topic readwrite {_TOPICS.root}/#",),
    "dso": _rules(_DSO_READS, _DSO_WRITES),
    "households": _rules(_HOUSEHOLDS_READ, _HOUSEHOLDS_WRITE),
}
"""Lines of Mosquitto's ``acl_file`` by service; the account of a service is ``vdg-`` and its name."""


def access_file() -> str:
    """The whole file."""
    users = ("\n".join((f"user vdg-{service}", *rules, "")) for service, rules in ACCESS.items())
    return "\n".join(users)
