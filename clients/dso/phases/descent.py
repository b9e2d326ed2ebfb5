"""Better phases by moving one or two homes at a time: for feeders that are too large to be searched to the end."""

from __future__ import annotations

import numpy as np

from clients.dso.phases.bound import deviations
from clients.dso.phases.household import PHASES, Household


def descend(households: list[Household], moved: dict[str, str], most: int, worth: int) -> dict[str, str]:
    """The new phases by id that no move of one or two homes improves, from ``moved`` on.

    At most ``most`` homes leave their phase; 2 q plus ``worth`` for each of them falls with every round.
    """
    switched = sorted(home for home in households if home.switch and home.commitment_wh)
    homes = np.repeat(np.arange(len(switched)), 3)
    target = np.tile(np.arange(3), len(switched))
    original = np.array([PHASES.index(home.phase) for home in switched])
    tripled = np.array([3 * home.commitment_wh for home in switched])[homes]
    now = np.array([PHASES.index(moved.get(home.id, home.phase)) for home in switched])
    while True:
        placed = [home._replace(phase=PHASES[phase]) for home, phase in zip(switched, now.tolist(), strict=True)]
        a, b, _ = deviations([home for home in households if not (home.switch and home.commitment_wh)] + placed)
        change_a, change_b = (tripled * ((target == p) * 1 - (now[homes] == p)) for p in (0, 1))
        change_used = (target != original[homes]) * 1 - (now != original)[homes]
        # Every pair of moves; a home's move to where it is stands for no move.
        u = a + change_a[:, None] + change_a
        v = b + change_b[:, None] + change_b
        used = int((now != original).sum()) + change_used[:, None] + change_used
        cost = 2 * ((u * u + u * v + v * v) // 3) + worth * used
        cost[(homes[:, None] == homes) | (used > most)] = np.iinfo(np.int64).max
        first, second = np.unravel_index(int(cost.argmin()), cost.shape)
        here = 2 * ((a * a + a * b + b * b) // 3) + worth * int((now != original).sum())
        if cost[first, second] >= here:
            return {
                home.id: home.phase for home, start in zip(placed, original, strict=True) if home.phase != PHASES[start]
            }
        now[homes[first]], now[homes[second]] = target[first], target[second]
