"""A device that takes power set points: car charger, heat pump, water heater, plug."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from clients.household.devices.change import ChangeKind
from clients.household.devices.device import POWER_MARGIN_PERMILLE, Device, Outgoing, read
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from wire.device import AnswerCode, DeviceAnswer, DeviceCommand, DeviceRating, DeviceState, DeviceTopics
from wire.mqtt import Topics

LONGEST_COMMAND_S = 48 * 3600

R = TypeVar("R", bound=DeviceRating)
S = TypeVar("S", bound=DeviceState)


class FlexibleDevice(Device, Generic[R, S]):
    """``most_w``: what the person lets it take, whatever its rating says; None for the rating alone."""

    rating_type: ClassVar[type[DeviceRating]]
    state_type: ClassVar[type[DeviceState]]

    def __init__(self, home: str, name: str, topics: Topics, most_w: int | None = None) -> None:
        super().__init__(home, name)
        self.paths = DeviceTopics(topics, home, name)
        self._most_w = most_w
        self.rating: R | None = None
        self.state: S | None = None
        self._early: tuple[bytes, bool] | None = None
        self._accepted: DeviceCommand | None = None
        self._accepted_ms = 0
        self._sent: dict[int, DeviceCommand] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        return (self.paths.rating, self.paths.state, self.paths.answer, self.paths.online)

    @property
    def interval_s(self) -> float | None:
        return None if self.rating is None else self.rating.interval_s

    @property
    def most_w(self) -> int:
        """The most that it may be set to, W; 0 before its rating is known."""
        if self.rating is None:
            return 0
        return self.rating.max_w if self._most_w is None else min(self._most_w, self.rating.max_w)

    @property
    def least_w(self) -> int:
        """The least that it may be set to besides 0, W; 0 before its rating is known."""
        return 0 if self.rating is None else self.rating.min_w

    def set_power(self, power_w: int, until_s: int, now: Moment) -> int:
        """Let it take ``power_w`` until ``until_s`` (Unix seconds); then it is on its own again.

        Returns the command's sequence number. Raises: CommandRefused, and then nothing is sent.
        """
        self._must_be_available()
        if self.rating is None or self.state is None:
            raise CommandRefused(f"{self.home}/{self.name} has not said what it can do and does")
        if power_w != 0 and not self.rating.min_w <= power_w <= self.most_w:
            raise CommandRefused(f"power_w is {power_w}; give 0 or {self.rating.min_w} to {self.most_w}")
        if not now.unix_s < until_s <= now.unix_s + LONGEST_COMMAND_S:
            raise CommandRefused(f"until_s is {until_s}; give a moment in the next {LONGEST_COMMAND_S // 3600} hours")
        self._check_power(power_w, self.rating, self.state)
        return self._order(power_w, until_s, now)

    def release(self, now: Moment) -> int:
        """Give it back its own control. Returns the command's sequence number. Raises: CommandRefused."""
        self._must_be_available()
        return self._order(None, int(now.unix_s) + LONGEST_COMMAND_S, now)

    def _order(self, power_w: int | None, until_s: int, now: Moment) -> int:
        command = DeviceCommand(
            device=self.name, sequence=self.unanswered.number(now), until_s=until_s, power_w=power_w
        )
        self._command(Outgoing(self.paths.command, command.encode(), until_s))
        self.unanswered.sent(command.sequence, _what(command), now)
        for over in [number for number, sent in self._sent.items() if sent.until_s < now.unix_s]:
            del self._sent[over]
        self._sent[command.sequence] = command
        return command.sequence

    def _take(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        if topic == self.paths.online:
            self._take_online(payload)
        elif topic == self.paths.rating:
            self._take_rating(payload, now)
        elif topic == self.paths.answer:
            self._take_answer(read(DeviceAnswer, payload))
        elif topic != self.paths.state:
            raise Refused(Fault.WRONG_TOPIC, f"{topic}: this device speaks on {self.paths.state}")
        elif self.rating is None:
            # Retained messages come in any order: the newest waits for the rating that it is judged by.
            self._early = (payload, retained)
        else:
            self._take_state(payload, retained, self.rating, now)

    def _take_rating(self, payload: bytes, now: Moment) -> None:
        rating = read(self.rating_type, payload)
        self._must_be_mine(rating.device)
        known, self.rating = self.rating, rating  # type: ignore[assignment]  # R is what rating_type makes
        if known is not None and known != rating:
            self.state = self._accepted = None
            self._heard_s = None
            self._tell(ChangeKind.RATING, "it says that it can do something else than before")
        early, self._early = self._early, None
        if early is not None and self.rating is not None:
            self._take_state(*early, self.rating, now)

    def _take_state(self, payload: bytes, retained: bool, rating: R, now: Moment) -> None:
        state: S = read(self.state_type, payload)  # type: ignore[assignment]  # S is what state_type makes
        self._must_be_mine(state.device)
        last = self.state
        if state == last:
            return
        if last is not None and state.sequence <= last.sequence:
            raise Refused(
                Fault.REPLAYED,
                f"sequence is {state.sequence}, the last was {last.sequence}; it must grow, also over a restart",
            )
        if last is not None and state.energy_wh < last.energy_wh:
            raise Refused(
                Fault.IMPLAUSIBLE, f"energy_wh is {state.energy_wh}, it was {last.energy_wh}; a counter never falls"
            )
        most_w = rating.max_w * POWER_MARGIN_PERMILLE // 1000
        if state.power_w > most_w:
            raise Refused(
                Fault.IMPLAUSIBLE, f"power_w is {state.power_w}; it is rated for {rating.max_w}: check the unit"
            )
        self._check_state(state, rating)
        self.state = state
        self._heard(retained, state.time_ms / 1000, now)
        self._watch(state, now)
        if last is not None:
            self._compare_need(last, state)

    def _watch(self, state: S, now: Moment) -> None:
        """Compare with the command that it has accepted, as long as that holds."""
        accepted = self._accepted
        if accepted is None or not self._accepted_ms <= state.time_ms < accepted.until_s * 1000:
            return
        holds = state.set_w == accepted.power_w
        if not holds and self._may_undo(state):
            self._accepted = None
            return
        self.oscillation.observed(holds, now.steady_s)

    def _take_answer(self, answer: DeviceAnswer) -> None:
        self._must_be_mine(answer.device)
        self.unanswered.answered(answer.sequence)
        command = self._sent.pop(answer.sequence, None) if answer.sequence is not None else None
        if command is None:
            raise Refused(
                Fault.WRONG_CLIENT,
                f"answer to command {answer.sequence}, which this agent did not send: let one client steer a device",
            )
        for old in [number for number in self._sent if number < command.sequence]:
            del self._sent[old]
        if answer.code is AnswerCode.ACCEPTED:
            self._accepted, self._accepted_ms = command, answer.time_ms
            self.oscillation.acknowledged()
        else:
            self._tell(ChangeKind.COMMAND_REFUSED, f"{_what(command)}: {answer.code}: {answer.reason}")

    def _must_be_mine(self, device: str) -> None:
        if device != self.name:
            raise Refused(Fault.WRONG_CLIENT, f"device is {device!r} on {self.name}'s topic; give each device its own")

    @abstractmethod
    def _check_power(self, power_w: int, rating: R, state: S, /) -> None:
        """Limits of its kind. Raises: CommandRefused."""

    @abstractmethod
    def _check_state(self, state: S, rating: R, /) -> None:
        """Plausibility of its kind. Raises: Refused."""

    @abstractmethod
    def _may_undo(self, state: S, /) -> bool:
        """Whether the device has a reason to drop a set point that it accepted."""

    def _compare_need(self, last: S, state: S, /) -> None:
        """Tell of what changes the plan."""


def _what(command: DeviceCommand) -> str:
    """A command as the person is told of it."""
    return f"{'own control' if command.power_w is None else f'{command.power_w} W'} until {command.until_s}"
