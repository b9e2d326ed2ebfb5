"""The clock of the chain's slots, and the emulated time that runs along it."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.units import SLOT_MS

_NS = 1_000_000_000


@dataclass(frozen=True)
class Clock:
    """Slot n begins at ``epoch_s + n * slot_seconds`` Unix seconds; in each slot ten emulated minutes pass.

    Emulated time is counted in ms from the beginning of slot 0. Raises ValueError when a figure makes no clock.
    """

    epoch_s: int
    slot_seconds: int

    def __post_init__(self) -> None:
        if self.epoch_s < 0:
            raise ValueError(f"epoch is {self.epoch_s}; give Unix seconds, 0 or more")
        if not 1 <= self.slot_seconds <= 86_400:
            raise ValueError(f"slot_seconds is {self.slot_seconds}; give 1 to 86400")

    def emulated_ms(self, unix_ns: int) -> int:
        """Emulated time at a moment, ms; negative before the epoch."""
        return (unix_ns - self.epoch_s * _NS) * SLOT_MS // (self.slot_seconds * _NS)

    def unix_ns(self, emulated_ms: int) -> int:
        """The first nanosecond at which ``emulated_ms`` has been reached."""
        return self.epoch_s * _NS - (-emulated_ms * self.slot_seconds * _NS // SLOT_MS)

    def unix_ms(self, emulated_ms: int) -> int:
        """The moment of an emulated time in Unix milliseconds, rounded down."""
        return self.unix_ns(emulated_ms) // 1_000_000

    def slot_end_s(self, slot: int) -> int:
        """Unix second at which a slot ends."""
        return self.epoch_s + (slot + 1) * self.slot_seconds
