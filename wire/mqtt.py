"""What homes and their services say to each other over MQTT: topics and messages (docs/mqtt.md).

Every payload is one JSON object. Readers are strict: an unknown, missing, repeated or mistyped field refuses the
message, and the error names each field, its value and what it should be. All integers stay within 53 bits, so that
any JSON reader has them exactly. Signs follow the model: grid and net energy positive = taken from the grid, battery
positive = discharge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wire.strict_json import BadJson, parse_json

MAX_PAYLOAD_BYTES = 65_536
MAX_INT = 2**53 - 1
HISTORY_SLOTS_MAX = 4_096

Count = Annotated[int, Field(ge=0, le=MAX_INT)]
Signed = Annotated[int, Field(ge=-MAX_INT, le=MAX_INT)]
SlotNumber = Annotated[int, Field(ge=-MAX_INT, le=MAX_INT)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
Mode = Literal["self", "power", "follow"]
HomeKind = Literal["plain", "battery", "pv", "pv_battery"]


class MessageError(ValueError):
    """A payload that is not the message it should be; ``problems`` has one line for every field at fault."""

    def __init__(self, message: str, problems: list[str]) -> None:
        self.message = message
        self.problems = problems
        super().__init__(f"{message} refused: " + "; ".join(problems))


class Message(BaseModel):
    """Base of all messages: immutable, strict, closed."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    name: ClassVar[str] = "message"

    def encode(self) -> bytes:
        """The payload: compact JSON in UTF-8, absent optional fields left out."""
        return self.model_dump_json(exclude_none=True).encode()


class Reading(Message):
    """A meter's registers at the end of ``slot``; the difference of two readings is the slots' metered flow.

    The first reading after the meter's start has the slot before the first one (so slot 0 has a baseline, with -1).
    ``sequence`` grows by one with each reading that the meter takes and survives its restart; ``time_s`` is the
    moment of the reading, Unix seconds: the end of the slot. ``voltage_mv`` is the slot's mean between phase and
    neutral, of a meter that measures it.
    """

    name: ClassVar[str] = "reading"
    meter: Name
    sequence: Count
    slot: SlotNumber
    time_s: Count
    import_wh: Count
    export_wh: Count
    voltage_mv: Count | None = None


class Telemetry(Message):
    """Powers right now; grid_w = load_w - (pv_w - curtailed_w) - battery_w. Sent at slot starts and on change."""

    name: ClassVar[str] = "telemetry"
    slot: SlotNumber
    time_ms: Count
    load_w: Count
    pv_w: Count
    curtailed_w: Count
    battery_w: Signed
    grid_w: Signed
    energy_wh: Count


class SetPoint(Message):
    """What the battery inverter should do in one slot.

    ``self``: plain self-consumption, the default of every slot without a set point. ``power``: ``power_w``,
    positive = discharge. ``follow``: steer so that the meter's net flow of the whole slot ends at ``grid_wh``.
    ``export_limit_w`` may go with any mode: feed-in never exceeds it, PV is curtailed if need be. ``sequence`` must
    grow with each set point to a home (the Unix time in ms is a good choice): one at or below the last is refused
    as replayed.
    """

    name: ClassVar[str] = "set point"
    sequence: Count
    slot: SlotNumber
    mode: Mode
    power_w: Signed | None = None
    grid_wh: Signed | None = None
    export_limit_w: Count | None = None

    @model_validator(mode="after")
    def _fields_of_mode(self) -> Self:
        wanted = {"self": None, "power": "power_w", "follow": "grid_wh"}[self.mode]
        for field in ("power_w", "grid_wh"):
            given = getattr(self, field) is not None
            if given and field != wanted:
                raise ValueError(f"mode {self.mode} takes no {field}; leave it out")
            if not given and field == wanted:
                raise ValueError(f"mode {self.mode} needs {field}")
        return self


class StatusCode(StrEnum):
    """What became of a set point."""

    ACCEPTED = "accepted"
    MALFORMED = "malformed"
    REPLAYED = "replayed"
    LATE = "late"
    TOO_EARLY = "too_early"
    NO_BATTERY = "no_battery"
    BEYOND_POWER = "beyond_power"


class Status(Message):
    """The home's answer to one set point; ``sequence`` and ``slot`` are absent where the set point was
    unreadable."""

    name: ClassVar[str] = "status"
    code: Annotated[StatusCode, Field(strict=False)]
    reason: Annotated[str, Field(max_length=1_000)]
    time_ms: Count
    sequence: Count | None = None
    slot: SlotNumber | None = None


class Nameplate(Message):
    """What stands in a home, and the clock its meter keeps; retained, so that a service needs no other source.

    Slot n lasts from ``epoch_s + n * slot_seconds`` and stands for ten minutes of the home's life. ``day_slot`` is
    the slot that begins at midnight of the emulated day.
    """

    name: ClassVar[str] = "nameplate"
    home: Name
    kind: HomeKind
    meter: Name
    epoch_s: Count
    slot_seconds: Annotated[int, Field(ge=1, le=86_400)]
    day_slot: Count
    pv_wp: Count
    battery_wh: Count
    battery_w: Count
    battery_min_wh: Count
    battery_max_wh: Count
    battery_efficiency_permille: Annotated[int, Field(ge=0, le=1000)]


class History(Message):
    """The home's own log of the slots from ``first_slot`` on that ended before the meter started, Wh a slot;
    retained."""

    name: ClassVar[str] = "history"
    first_slot: SlotNumber
    load_wh: Annotated[list[Count], Field(max_length=HISTORY_SLOTS_MAX)]
    pv_wh: Annotated[list[Count], Field(max_length=HISTORY_SLOTS_MAX)]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.load_wh) != len(self.pv_wh):
            raise ValueError(f"load_wh has {len(self.load_wh)} slots, pv_wh {len(self.pv_wh)}; give both the same")
        return self


M = TypeVar("M", bound=Message)


def decode(kind: type[M], payload: bytes | bytearray | str) -> M:
    """Reads a payload as a message of ``kind``. Raises MessageError naming every field at fault, its value and
    way out."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(kind.name, [f"{len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are read"])
    try:
        message = kind.model_validate_json(payload)
        repeated = parse_json(payload).repeated
    except BadJson as error:
        raise MessageError(kind.name, [f"payload {error.reason}"]) from error
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            field = ".".join(str(part) for part in item["loc"]) or "payload"
            if item["type"] == "missing":
                problems.append(f"{field} is missing: {kind.name} needs it")
                continue
            value = repr(item["input"])
            shown = value if len(value) <= 80 else value[:77] + "..."
            problems.append(f"{field} is {shown}: {item['msg']}")
        raise MessageError(kind.name, problems) from error
    if repeated:
        raise MessageError(kind.name, [f"{place} is there twice: give it once" for place in repeated])
    return message


_ROOT = re.compile(r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")


@dataclass(frozen=True)
class Topics:
    """The topic tree of one neighbourhood under ``root``. Raises ValueError for a root with wildcards or empty
    parts."""

    root: str = "vdg/v1"

    def __post_init__(self) -> None:
        if not _ROOT.match(self.root):
            raise ValueError(f"topic root is {self.root!r}; use parts of letters, digits, '_', '.', '-' joined by '/'")

    def reading(self, home: str) -> str:
        """Meter readings, QoS 1, retained. ``home`` may be '+' to subscribe to all; so in every method."""
        return f"{self.root}/{home}/meter"

    def recall(self, home: str) -> str:
        """From the DSO to a home's meter: readings to send again (wire/recall.py), QoS 0, not retained."""
        return f"{self.root}/{home}/recall"

    def gone(self, home: str) -> str:
        """From a home's meter to the DSO: what it can't send again (wire/recall.py), QoS 0, not retained."""
        return f"{self.root}/{home}/gone"

    def telemetry(self, home: str) -> str:
        """Powers, QoS 0, retained."""
        return f"{self.root}/{home}/telemetry"

    def set_point(self, home: str) -> str:
        """Set points to the home, QoS 1, not retained."""
        return f"{self.root}/{home}/setpoint"

    def status(self, home: str) -> str:
        """Answers to set points, QoS 1, not retained."""
        return f"{self.root}/{home}/status"

    def nameplate(self, home: str) -> str:
        """What stands in the home, QoS 1, retained."""
        return f"{self.root}/{home}/nameplate"

    def history(self, home: str) -> str:
        """The home's log before the start, QoS 1, retained."""
        return f"{self.root}/{home}/history"

    def station(self) -> str:
        """The transformer station's readings (wire/station.py), QoS 1, retained."""
        return f"{self.root}/station/reading"

    def station_now(self) -> str:
        """What the station's meter shows in the running slot (wire/station.py), QoS 0, retained."""
        return f"{self.root}/station/now"

    def assignment(self, home: str) -> str:
        """From the DSO to a home: its point of common coupling (wire/assignment.py), QoS 1, retained."""
        return f"{self.root}/{home}/assignment"

    def answered(self, home: str) -> str:
        """From a home to its DSO: which signal it has answered (wire/answered.py), QoS 0, not retained."""
        return f"{self.root}/{home}/answered"

    def switch_command(self, home: str) -> str:
        """Orders to a home's phase switch (wire/phase_switch.py), QoS 1, not retained."""
        return f"{self.root}/{home}/switch/order"

    def switch_state(self, home: str) -> str:
        """The phase that a home's switch is on (wire/phase_switch.py), QoS 1, retained."""
        return f"{self.root}/{home}/switch/state"

    def online(self) -> str:
        """Retained ``true`` while the emulator is connected; its last will sets ``false``."""
        return f"{self.root}/emulator/online"

    def home_of(self, topic: str) -> str:
        """The home a topic is about. Raises ValueError when the topic is not under this root."""
        rest = topic.removeprefix(self.root + "/")
        home, slash, _ = rest.partition("/")
        if rest == topic or not slash or not home:
            raise ValueError(f"topic is {topic!r}; expected {self.root}/<home>/...")
        return home
