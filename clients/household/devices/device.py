"""What all drivers have in common: believing messages or not, availability, and telling of changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple, TypeVar

from clients.household.devices.change import Change, ChangeKind
from clients.household.devices.moment import Moment
from clients.household.devices.oscillation import Oscillation
from clients.household.devices.refusal import CommandRefused, Fault, Refusals, Refused
from clients.household.devices.unanswered import Unanswered
from wire.mqtt import Message, MessageError, decode

SILENCE_INTERVALS = 1.5
"""Silent for its stated interval and half of it again, for the way, a device is unavailable."""

POWER_MARGIN_PERMILLE = 1_050
"""A measurement may be a little off; beyond a twentieth more than its rating, no power is believed."""

M = TypeVar("M", bound=Message)


class Outgoing(NamedTuple):
    """A command on its way; worthless after ``until_unix_s``."""

    topic: str
    payload: bytes
    until_unix_s: float


Send = Callable[[Outgoing], None]
Announce = Callable[[Change], None]


class Device(ABC):
    """A driver: fed with messages and moments, without a socket of its own.

    ``home`` and ``name`` say whose it is; ``refusals`` what wasn't believed.
    """

    slowest_way_s: ClassVar[float] = 0.0
    """What a message may take beyond the interval at least, however short that is."""

    def __init__(self, home: str, name: str) -> None:
        self.home = home
        self.name = name
        self.refusals = Refusals(f"{home}/{name}")
        self.oscillation = Oscillation()
        self.unavailable_because: str | None = "it has not been heard of yet"
        self.unanswered = Unanswered()
        self._online: bool | None = None
        self._heard_s: float | None = None
        self._send: Send | None = None
        self._announce: Announce | None = None

    @property
    @abstractmethod
    def topics(self) -> tuple[str, ...]:
        """The topics that its messages come on."""

    @property
    @abstractmethod
    def interval_s(self) -> float | None:
        """How often it says to speak, seconds; None as long as it hasn't said."""

    @property
    def available(self) -> bool:
        """Whether to plan with it and to command it."""
        return self.unavailable_because is None

    def bind(self, send: Send, announce: Announce) -> None:
        """Give the driver its voice."""
        self._send = send
        self._announce = announce

    def receive(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        """Take a message. Never raises for what a message holds: what isn't believed is refused and counted."""
        try:
            self._take(topic, payload, retained, now)
        except Refused as refused:
            self.refusals.add(refused)
        self.tick(now)

    def tick(self, now: Moment) -> None:
        """Judge silence; to be called about once a second."""
        for what in self.unanswered.overdue(now):
            self._tell(ChangeKind.COMMAND_UNANSWERED, f"{what} was not answered")
        because = self._why_unavailable(now)
        if (because is None) != (self.unavailable_because is None):
            kind = ChangeKind.AVAILABLE if because is None else ChangeKind.UNAVAILABLE
            self.unavailable_because = because
            self._tell(kind, because or "it is there")
        self.unavailable_because = because

    def _take(self, topic: str, _payload: bytes, _retained: bool, _now: Moment, /) -> None:
        """Believe a message or raise Refused."""
        raise Refused(Fault.WRONG_TOPIC, f"{topic}: {self.name} doesn't speak over MQTT")

    def _why_unavailable(self, now: Moment) -> str | None:
        if self._online is False:
            return "it is disconnected: its last will says so"
        if self.interval_s is None:
            return "it has not said what it can do"
        if self._heard_s is None:
            return "it has not been heard of yet"
        silent_s = now.steady_s - self._heard_s
        if silent_s > max(SILENCE_INTERVALS * self.interval_s, self.interval_s + self.slowest_way_s):
            return f"silent for {silent_s:.0f} s; it says to speak every {self.interval_s:g} s"
        unsteady_s = self.oscillation.unsteady_for_s(now.steady_s)
        if unsteady_s:
            return f"it undoes set points that it has accepted; left alone for {unsteady_s:.0f} s"
        return None

    def _heard(self, retained: bool, time_s: float, now: Moment) -> None:
        """A believed message is a sign of life; a retained one of the time at which it was sent."""
        age_s = max(0.0, now.unix_s - time_s) if retained else 0.0
        self._heard_s = max(now.steady_s - age_s, self._heard_s if self._heard_s is not None else float("-inf"))

    def _take_online(self, payload: bytes) -> None:
        if payload not in (b"true", b"false"):
            raise Refused(Fault.MALFORMED, f"online is {payload[:20]!r}: send true, and false as last will")
        self._online = payload == b"true"

    def _tell(self, kind: ChangeKind, reason: str) -> None:
        if self._announce is not None:
            self._announce(Change(self.home, self.name, kind, reason))

    def _command(self, outgoing: Outgoing) -> None:
        if self._send is None:
            raise CommandRefused(f"{self.name} has no link: add it to a roster first")
        self._send(outgoing)

    def _must_be_available(self) -> None:
        if self.unavailable_because is not None:
            raise CommandRefused(f"{self.home}/{self.name} is unavailable: {self.unavailable_because}")


def read(kind: type[M], payload: bytes) -> M:
    """Decode a message. Raises: Refused with all its faults."""
    try:
        return decode(kind, payload)
    except MessageError as error:
        raise Refused(Fault.MALFORMED, str(error)) from error
