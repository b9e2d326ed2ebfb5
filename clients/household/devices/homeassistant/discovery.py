"""A home's discovery messages: topics, ids, and the retained payloads from which it shows up by itself."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import NamedTuple

from clients.household.devices.homeassistant.entity import ENTITIES, PERCENT, WORDS, Component, Entity, encode
from wire.mqtt import Topics

DEFAULT_PREFIX = "homeassistant"
_PART = re.compile(r"^[A-Za-z0-9_\-]{1,64}$")
_PREFIX = re.compile(r"^[A-Za-z0-9_\-]+(/[A-Za-z0-9_\-]+)*$")


class Retained(NamedTuple):
    """A message for the broker to keep."""

    topic: str
    payload: bytes


class Discovery:
    """Where an agent's homes are shown. ``agent`` names the process: its last will makes all its homes unavailable.

    Raises: ValueError for an agent or a prefix that can't be in a topic.
    """

    def __init__(self, topics: Topics, agent: str, prefix: str = DEFAULT_PREFIX) -> None:
        if not _PREFIX.match(prefix):
            raise ValueError(f"discovery prefix is {prefix!r}; give Home Assistant's, such as {DEFAULT_PREFIX!r}")
        if not _PART.match(agent):
            raise ValueError(f"agent is {agent!r}; give 1 to 64 letters, digits, '_' or '-'")
        self._root = topics.root
        self._prefix = prefix
        self.online = f"{self._root}/{agent}/panel/online"
        self.birth = f"{prefix}/status"

    def state(self, home: str) -> str:
        """Where all values of a home are, as one retained JSON object."""
        return f"{self._root}/{home}/panel/state"

    def words(self, home: str, key: str) -> str:
        """Where one of `WORDS` to the person is, retained."""
        return f"{self._root}/{home}/panel/{key}"

    def command(self, home: str, key: str) -> str:
        """Where a control's commands come; '+' for all."""
        return f"{self._root}/{home}/panel/{key}/set"

    def addressed(self, topic: str) -> tuple[str, str] | None:
        """Home and control of a command's topic; None for any other topic."""
        parts = topic.removeprefix(f"{self._root}/").split("/")
        if not topic.startswith(f"{self._root}/") or len(parts) != 4 or (parts[1], parts[3]) != ("panel", "set"):
            return None
        return parts[0], parts[2]

    def config_topic(self, home: str, entity: Entity) -> str:
        """``<prefix>/<component>/<node>/<object>/config``."""
        return f"{self._prefix}/{entity.component}/{self._node(home)}/{entity.key}/config"

    def messages(self, home: str) -> list[Retained]:
        """What makes a home show up."""
        return [Retained(self.config_topic(home, entity), encode(self.config(home, entity))) for entity in ENTITIES]

    def withdrawal(self, home: str) -> list[Retained]:
        """What makes a home disappear: empty payloads, as Home Assistant documents."""
        return [Retained(self.config_topic(home, entity), b"") for entity in ENTITIES]

    def config(self, home: str, entity: Entity) -> dict[str, object]:
        """One entity's discovery payload."""
        node = self._node(home)
        made: dict[str, object] = {
            "name": entity.name,
            "unique_id": f"{node}_{entity.key}",
            "availability_topic": self.online,
            "payload_available": "online",
            "payload_not_available": "offline",
            "qos": 1,
            "device": {
                "identifiers": [node],
                "name": f"Home {home}",
                "manufacturer": "vdg",
                "model": "Household agent",
                "sw_version": version("vdg"),
            },
            "origin": {"name": "vdg", "sw_version": version("vdg")},
        }
        if entity.component is not Component.SENSOR:
            made["command_topic"] = self.command(home, entity.key)
        if entity.key in WORDS:
            made["state_topic"] = self.words(home, entity.key)
        elif entity.component is not Component.BUTTON:
            made["state_topic"] = self.state(home)
            made["value_template"] = f"{{{{ value_json.{entity.key} }}}}"
        if entity.component is Component.NUMBER:
            made |= {"min": PERCENT.least, "max": PERCENT.most, "step": PERCENT.step, "mode": "slider"}
        return made | entity.fields

    def _node(self, home: str) -> str:
        # A node id takes letters, digits, '_' and '-'; a home's id may have dots besides.
        return "vdg_" + home.replace("_", "__").replace(".", "_-")
