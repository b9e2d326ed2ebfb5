"""A household as the allocation of phases sees it."""

from __future__ import annotations

from typing import Final, NamedTuple

PHASES: Final = ("a", "b", "c")


class Household(NamedTuple):
    """One home in one slot. ``commitment_wh`` is what the market has it take (positive) or inject (negative).

    ``phase`` is the one it is connected to now; only a home with a ``switch`` can leave it.
    """

    id: str
    feeder: str
    phase: str
    commitment_wh: int
    switch: bool
