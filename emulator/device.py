"""A flexible device in motion: obeys a set point until it ends, within what it can do, and counts what it takes.

Powers are constant from one event to the next, so that energies are exact integers in millijoules. Times are emulated
milliseconds (see Clock); a command's end is given in Unix seconds, as on the wire.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, NamedTuple, TypeVar

from emulator.clock import Clock
from emulator.units import MJ_PER_WH
from wire.device import AnswerCode, DeviceCommand, DeviceRating, DeviceState
from wire.mqtt import MessageError, decode

NS_PER_S = 1_000_000_000

R = TypeVar("R", bound=DeviceRating)


class Refusal(ValueError):
    """A command that the device doesn't take."""

    def __init__(self, code: AnswerCode, reason: str) -> None:
        self.code = code
        super().__init__(reason)


class Verdict(NamedTuple):
    """What became of a command; ``sequence`` is its number where that could be read."""

    code: AnswerCode
    reason: str
    sequence: int | None


class EmulatedDevice(ABC, Generic[R]):
    """A device of which ``rating`` is true, from ``now_ms`` on."""

    def __init__(self, rating: R, clock: Clock, now_ms: int) -> None:
        self.rating = rating
        self.clock = clock
        self.now_ms = now_ms
        self.energy_mj = 0
        self._set_w: int | None = None
        self._until_ms = now_ms
        self._last_command = -1

    @property
    def face(self) -> tuple[object, ...]:
        """What is worth a message when it changes."""
        return (self.power_w, self._set_w, self._shown())

    @property
    def next_event_ms(self) -> int | None:
        """When its power may change next by itself; None where nothing is in sight."""
        events = [at for at in self._events_ms(self.power_w) if at > self.now_ms]
        if self._set_w is not None:
            events.append(max(self._until_ms, self.now_ms + 1))
        return min(events, default=None)

    @property
    def set_w(self) -> int | None:
        """The set point in force, None under own control."""
        return self._set_w

    @property
    @abstractmethod
    def power_w(self) -> int:
        """What it takes now."""

    @property
    def held_wh(self) -> int:
        """What it holds of what was put in, as electricity: two runs in which it ends otherwise are compared by it."""
        return 0

    def kept(self) -> dict[str, int]:
        """How it has kept what it is there for since the start; what a report looks at, and no message tells."""
        return {}

    @abstractmethod
    def state(self, sequence: int) -> DeviceState:
        """What it would say now."""

    def advance(self, to_ms: int) -> bool:
        """Move on to an emulated time; earlier times do nothing. Returns whether power or set point changed."""
        before = self.face
        while self.now_ms < to_ms:
            self._settle()
            power_w, event_ms = self.power_w, self.next_event_ms
            duration_ms = (to_ms if event_ms is None else min(to_ms, event_ms)) - self.now_ms
            self.energy_mj += self._move(power_w, duration_ms)
            self.now_ms += duration_ms
        self._settle()
        return before != self.face

    def memory(self) -> dict[str, int]:
        """What must survive the emulator's restart; `recall` takes it."""
        until_ms = -1 if self._set_w is None else self._until_ms
        return {
            "now_ms": self.now_ms,
            "energy_mj": self.energy_mj,
            "set_w": self._set_w or 0,
            "until_ms": until_ms,
            "last_command": self._last_command,
        }

    def recall(self, memory: dict[str, int]) -> None:
        """Go on from a memory. Raises: KeyError for another device's."""
        self.now_ms, self.energy_mj = memory["now_ms"], memory["energy_mj"]
        self._set_w, self._until_ms = (None if memory["until_ms"] < 0 else memory["set_w"]), memory["until_ms"]
        self._last_command = memory["last_command"]
        self._settle()

    def offer(self, payload: bytes, retained: bool) -> Verdict:
        """Take a command, which acts at once, or refuse it, and then nothing has changed. Advance to now before."""
        try:
            command = decode(DeviceCommand, payload)
        except MessageError as error:
            return Verdict(AnswerCode.MALFORMED, str(error), None)
        try:
            self._take(command, retained)
        except Refusal as refusal:
            return Verdict(refusal.code, str(refusal), command.sequence)
        return Verdict(AnswerCode.ACCEPTED, "in force", command.sequence)

    def _take(self, command: DeviceCommand, retained: bool) -> None:
        if command.device != self.rating.device:
            raise Refusal(
                AnswerCode.WRONG_DEVICE, f"device is {command.device!r}; this is {self.rating.device!r}: mind the topic"
            )
        if retained:
            raise Refusal(AnswerCode.REPLAYED, "kept by the broker from before; publish without the retain flag")
        if command.sequence <= self._last_command:
            raise Refusal(
                AnswerCode.REPLAYED,
                f"sequence is {command.sequence}; give more than {self._last_command}, the last one",
            )
        until_ms = self.clock.emulated_ms(command.until_s * NS_PER_S)
        if until_ms <= self.now_ms:
            raise Refusal(AnswerCode.EXPIRED, f"until_s is {command.until_s}, which is over; give a later one")
        if command.power_w is not None:
            self._check(command.power_w)
        self._last_command = command.sequence
        self._set_w, self._until_ms = command.power_w, until_ms
        self._settle()

    def _check(self, power_w: int) -> None:
        rating = self.rating
        if power_w and not rating.min_w <= power_w <= rating.max_w:
            raise Refusal(AnswerCode.BEYOND_POWER, f"power_w is {power_w}; give 0 or {rating.min_w} to {rating.max_w}")

    def _settle(self) -> None:
        """What happens at this very moment: set points that are over, arrivals, thermostats."""
        if self._set_w is not None and self.now_ms >= self._until_ms:
            self._set_w = None

    @abstractmethod
    def _events_ms(self, power_w: int) -> list[int]:
        """When its power may change next, as long as it takes ``power_w``; what is past is ignored."""

    @abstractmethod
    def _move(self, power_w: int, duration_ms: int) -> int:
        """Let it work for a time; returns the electricity taken, mJ."""

    @abstractmethod
    def _shown(self) -> object:
        """What else of its state is worth a message when it changes."""

    def _fields(self, sequence: int) -> dict[str, object]:
        """The fields that all states have."""
        return {
            "device": self.rating.device,
            "sequence": sequence,
            "time_ms": self.clock.unix_ms(self.now_ms),
            "power_w": self.power_w,
            "energy_wh": self.energy_mj // MJ_PER_WH,
            "set_w": self._set_w,
        }
