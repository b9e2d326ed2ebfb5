"""A switched socket with something on it."""

from __future__ import annotations

from emulator.clock import Clock
from emulator.device import EmulatedDevice, Refusal
from emulator.units import SLOT_MS
from wire.device import AnswerCode, PlugRating, PlugState


class EmulatedPlug(EmulatedDevice[PlugRating]):
    """``load_w``: what hangs on it would take in each slot of a day. On its own it is on. Raises ValueError for loads
    beyond its rating."""

    def __init__(self, rating: PlugRating, clock: Clock, now_ms: int, load_w: list[int]) -> None:
        if not load_w or min(load_w) < 0 or max(load_w) > rating.max_w:
            raise ValueError(f"load_w is {load_w[:5]}; give a power of 0 to {rating.max_w} W for each slot")
        super().__init__(rating, clock, now_ms)
        self._load_w = load_w

    @property
    def on(self) -> bool:
        """Whether current may flow."""
        return self._set_w != 0

    @property
    def power_w(self) -> int:
        return self._load_w[self.now_ms // SLOT_MS % len(self._load_w)] if self.on else 0

    def state(self, sequence: int) -> PlugState:
        return PlugState.model_validate(self._fields(sequence) | {"on": self.on})

    def _check(self, power_w: int) -> None:
        if power_w not in (0, self.rating.max_w):
            raise Refusal(
                AnswerCode.BEYOND_POWER, f"power_w is {power_w}; a plug takes 0 (off) or {self.rating.max_w} (on)"
            )

    def _events_ms(self, _power_w: int) -> list[int]:
        return [(self.now_ms // SLOT_MS + 1) * SLOT_MS]

    def _move(self, power_w: int, duration_ms: int) -> int:
        return power_w * duration_ms

    def _shown(self) -> object:
        return self.on
