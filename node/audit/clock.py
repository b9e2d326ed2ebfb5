"""Slots, gates and deadlines in seconds of block time (MODEL sections 1 and 4)."""

from __future__ import annotations

from node.audit.books import Books, DueAt, SlotOf, slot_bytes
from node.audit.case import Case, require
from wire.chain import DueItem, Moment
from wire.grid import Grid
from wire.market import GateKind, Product
from wire.results import Code

DAY_SLOTS = 144
FURTHEST_SLOTS = 1008


def slot_now(grid: Grid, time_s: int) -> int:
    """The slot that runs; negative before the epoch."""
    return (time_s - grid.epoch_s) // grid.slot_seconds


def start_s(grid: Grid, slot: int) -> int:
    """When a slot starts."""
    return grid.epoch_s + slot * grid.slot_seconds


def deadline_s(grid: Grid, slot: int) -> int:
    """When a slot settles with what is proved."""
    return start_s(grid, slot + 1 + grid.proof_deadline_slots)


def gate_s(grid: Grid, product: Product, slot: int) -> int:
    """When the book of the block that starts with a slot closes."""
    if product.gate_kind is GateKind.GATE_KIND_DAY_BEFORE:
        return start_s(grid, slot - slot % DAY_SLOTS - DAY_SLOTS + product.gate_slots)
    return start_s(grid, slot - product.gate_slots)


def require_ahead(case: Case, grid: Grid, first: int, count: int) -> None:
    """All slots are to come, and within a week. Raises: Denied SLOT_OUT_OF_RANGE."""
    now = slot_now(grid, case.time_s)
    require(now < first and first + count - 1 <= now + FURTHEST_SLOTS, Code.SLOT_OUT_OF_RANGE)


def wait(books: Books, moment: Moment, time_s: int, key: bytes = b"") -> None:
    """Have something done in the first block at or after a time."""
    books.due.put(DueAt(time_s, moment, key), DueItem(moment, time_s, key))


def watch(books: Books, grid: Grid, slot: int) -> None:
    """Have a slot settled at its deadline."""
    wait(books, Moment.MOMENT_SLOT_DEADLINE, deadline_s(grid, slot), slot_bytes(SlotOf(grid.vdg, slot)))
