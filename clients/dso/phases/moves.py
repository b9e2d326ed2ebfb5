"""All ways to move so many of a list of homes to other phases, as numpy arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clients.dso.phases.household import PHASES, Household

Integers = NDArray[np.int64]


class Moves(NamedTuple):
    """Ways to move homes; three arrays of one length.

    ``a`` and ``b``: by how many thirds of a Wh each changes the sums of phases a and b. ``code``: in base 2n + 1 for n
    homes, a digit for every home that moves: 2i + 1 or 2i + 2, if home i goes one or two phases on. Ordered by the last
    home that moves.
    """

    a: Integers
    b: Integers
    code: Integers


class MoveLists:
    """The ways to move exactly k of some homes, made when they are asked for.

    Codes fit 64 bits for all k of up to 13 homes, and for every list of at most 600,000 ways of more homes.
    """

    def __init__(self, homes: list[Household]) -> None:
        self.homes = homes
        zero = np.zeros(1, dtype=np.int64)
        self._levels = [Moves(zero, zero, zero)]
        # How many ways of a level move only homes before home i.
        self._before: list[list[int]] = [[1] * (len(homes) + 1)]

    def of(self, count: int) -> Moves:
        """The ways to move exactly ``count`` homes; none if there are fewer."""
        while len(self._levels) <= count:
            self._add_level()
        return self._levels[count]

    def phases(self, code: int) -> dict[str, str]:
        """The homes that ``code`` moves, with their new phases."""
        moved = {}
        while code:
            code, digit = divmod(code, 2 * len(self.homes) + 1)
            index, step = divmod(digit - 1, 2)
            home = self.homes[index]
            moved[home.id] = PHASES[(PHASES.index(home.phase) + step + 1) % 3]
        return moved

    def _add_level(self) -> None:
        smaller, before = self._levels[-1], self._before[-1]
        base = 2 * len(self.homes) + 1
        parts: list[Moves] = [Moves(*(np.zeros(0, dtype=np.int64) for _ in range(3)))]
        counts = [0]
        for index, home in enumerate(self.homes):
            ways = before[index]
            source = PHASES.index(home.phase)
            for step in (1, 2):
                target = (source + step) % 3
                change = [3 * home.commitment_wh * ((target == phase) - (source == phase)) for phase in (0, 1)]
                parts.append(
                    Moves(
                        smaller.a[:ways] + change[0],
                        smaller.b[:ways] + change[1],
                        smaller.code[:ways] * base + 2 * index + step,
                    )
                )
            counts.append(counts[-1] + 2 * ways)
        self._levels.append(Moves(*(np.concatenate(columns) for columns in zip(*parts, strict=True))))
        self._before.append(counts)
