"""An appliance at a plug that waits for current: a washing machine that was loaded and set."""

from __future__ import annotations

from emulator.clock import Clock
from emulator.device import EmulatedDevice, Refusal
from emulator.units import MJ_PER_WH, SLOT_MS, SLOTS_A_DAY
from wire.device import AnswerCode, PlugRating, PlugState

DAY_MS = SLOTS_A_DAY * SLOT_MS


class EmulatedAppliance(EmulatedDevice[PlugRating]):
    """Once a day, ``ready_ms`` after midnight (of slot 0's day), a run of ``profile_w`` begins, a power for each slot.

    It goes on whenever the plug is on, and waits while it is off; on its own the plug is on. A run that is not over a
    day later is given up. Raises ValueError for a power beyond its rating.
    """

    def __init__(self, rating: PlugRating, clock: Clock, now_ms: int, ready_ms: int, profile_w: list[int]) -> None:
        if not profile_w or min(profile_w) < 0 or max(profile_w) > rating.max_w:
            raise ValueError(f"profile_w is {profile_w[:5]}; give powers of 0 to {rating.max_w} W")
        super().__init__(rating, clock, now_ms)
        self._ready_ms = ready_ms
        self._profile_w = profile_w
        self._day = self._day_at(now_ms)
        # How long today's run has gone on; one that began before the emulation is over.
        self._run_ms = self._whole_ms

    @property
    def on(self) -> bool:
        """Whether current may flow."""
        return self._set_w != 0

    @property
    def missing_ms(self) -> int:
        """How long today's run has still to go on."""
        return self._whole_ms - self._run_ms

    @property
    def power_w(self) -> int:
        return self._profile_w[self._run_ms // SLOT_MS] if self.on and self.missing_ms else 0

    @property
    def held_wh(self) -> int:
        """Less than nothing, while part of a run is still to come."""
        left = self._profile_w[self._run_ms // SLOT_MS :] if self.missing_ms else []
        return -(sum(left) * SLOT_MS - (self._run_ms % SLOT_MS) * (left[0] if left else 0)) // MJ_PER_WH

    def state(self, sequence: int) -> PlugState:
        return PlugState.model_validate(self._fields(sequence) | {"on": self.on})

    def memory(self) -> dict[str, int]:
        return super().memory() | {"day": self._day, "run_ms": self._run_ms}

    def recall(self, memory: dict[str, int]) -> None:
        self._day, self._run_ms = memory["day"], memory["run_ms"]
        super().recall(memory)

    @property
    def _whole_ms(self) -> int:
        return len(self._profile_w) * SLOT_MS

    def _day_at(self, now_ms: int) -> int:
        return (now_ms - self._ready_ms) // DAY_MS

    def _check(self, power_w: int) -> None:
        if power_w not in (0, self.rating.max_w):
            raise Refusal(
                AnswerCode.BEYOND_POWER, f"power_w is {power_w}; a plug takes 0 (off) or {self.rating.max_w} (on)"
            )

    def _settle(self) -> None:
        super()._settle()
        if self._day_at(self.now_ms) > self._day:
            self._day, self._run_ms = self._day_at(self.now_ms), 0

    def _events_ms(self, _power_w: int) -> list[int]:
        events = [(self._day + 1) * DAY_MS + self._ready_ms]
        if self.on and self.missing_ms:
            events.append(self.now_ms + SLOT_MS - self._run_ms % SLOT_MS)
        return events

    def _move(self, power_w: int, duration_ms: int) -> int:
        if self.on and self.missing_ms:
            self._run_ms += duration_ms
        return power_w * duration_ms

    def _shown(self) -> object:
        return self.on
