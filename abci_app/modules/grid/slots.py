"""Slots and time. A slot stands for ten minutes of the grid; ``slot_seconds`` says how long it lasts here."""

from __future__ import annotations

from wire.grid import Grid

SLOTS_PER_DAY = 144
SLOTS_PER_HOUR = 6
# What a message may name: with the largest epoch and slot length, times stay far inside 64 bits.
MAX_SLOT = 1 << 40


def slot_at(grid: Grid, time_s: int) -> int:
    """The slot that a block time falls into (MODEL section 1); negative before the epoch."""
    return (time_s - grid.epoch_s) // grid.slot_seconds


def slot_start_s(grid: Grid, slot: int) -> int:
    """The Unix time at which a slot begins."""
    return grid.epoch_s + slot * grid.slot_seconds


def deadline_s(grid: Grid, slot: int) -> int:
    """When a slot settles with the proofs that are there."""
    return slot_start_s(grid, slot + 1 + grid.proof_deadline_slots)


def energy_wh(power_w: int) -> int:
    """The energy of a power held over one slot of ten minutes."""
    return power_w // SLOTS_PER_HOUR
