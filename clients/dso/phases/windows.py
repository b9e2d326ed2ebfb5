"""Better phases by placing some homes at a time as well as they can be: where all at once are too many."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from clients.dso.phases.bound import deviations, quarter_form
from clients.dso.phases.household import PHASES, Household
from clients.dso.phases.moves import Integers
from clients.dso.phases.pairs import NearPairs

# Sizes of windows, the pairs looked at in one, and how many windows in a row may fail to find anything better.
SIZES = ((8,), (12,), (16,), (20,))
MAX_PAIRS = 500_000
PATIENCE = 6


class Found(NamedTuple):
    """``moved``: the homes that leave their phase, with their new ones. ``q``: what the feeder has then."""

    q: int
    moved: dict[str, str]

    def cost(self, worth: int) -> tuple[int, int]:
        """Twice q, plus ``worth`` for every switching; of equal ones the fewer switchings are better."""
        return 2 * self.q + worth * len(self.moved), len(self.moved)


class _Placements(NamedTuple):
    """All phases that some homes can be on: by how much each changes the deviations of phases a and b from what they
    are without these homes, the switchings, and a digit for every home's phase in base 3.
    """

    a: Integers
    b: Integers
    used: Integers
    code: Integers


def improve(
    households: list[Household], found: Found, most: int, worth: int, enough: int, sizes: Sequence[int] = (8, 12, 16)
) -> Found:
    """Better phases than ``found``, with at most ``most`` switchings; ends at a q of ``enough``.

    A window of homes is placed anew as well as it can be, the others staying as they are; then another.
    """
    homes = sorted(
        (home for home in households if home.switch and home.commitment_wh),
        key=lambda home: (-abs(home.commitment_wh), home.id),
    )
    found = _one_by_one(households, homes, found, most, worth)
    for size in sizes:
        failed = 0
        for window in _windows(homes, size):
            if found.q <= enough or failed > PATIENCE:
                break
            better = _placed(households, window, found, most, worth)
            failed = 0 if better.cost(worth) < found.cost(worth) else failed + 1
            found = better
    return found


def _windows(homes: list[Household], size: int) -> Iterator[list[Household]]:
    """Homes next to each other in size, then every so manieth, from different ones on."""
    n = len(homes)
    for stride in range(1, n):
        if math.gcd(stride, n) == 1:
            for place in range(0, n, size // 2):
                yield [homes[(place + index) * stride % n] for index in range(min(size, n))]
    if n == 1:
        yield homes


def _one_by_one(households: list[Household], homes: list[Household], found: Found, most: int, worth: int) -> Found:
    """Move the home that gains most, until none gains anything."""
    while True:
        a, b, _ = deviations(_with(households, found.moved))
        options = [found]
        for home in homes:
            now = found.moved.get(home.id, home.phase)
            for phase in PHASES:
                moved = {name: to for name, to in found.moved.items() if name != home.id}
                if phase != home.phase:
                    moved[home.id] = phase
                change_a, change_b = (3 * home.commitment_wh * ((phase == p) - (now == p)) for p in "ab")
                if len(moved) <= most:
                    options.append(Found(quarter_form(a + change_a, b + change_b), moved))
        best = min(options, key=lambda option: option.cost(worth))
        if best.cost(worth) >= found.cost(worth):
            return found
        found = best


def _with(households: list[Household], moved: dict[str, str]) -> list[Household]:
    return [home._replace(phase=moved.get(home.id, home.phase)) for home in households]


def _placed(households: list[Household], window: list[Household], found: Found, most: int, worth: int) -> Found:
    """The best phases for the homes of a window, the others staying where ``found`` has them."""
    ids = {home.id for home in window}
    others = {name: phase for name, phase in found.moved.items() if name not in ids}
    total = sum(home.commitment_wh for home in households)
    still = [home for home in _with(households, others) if home.id not in ids]
    a, b = (3 * sum(home.commitment_wh for home in still if home.phase == phase) - total for phase in PHASES[:2])
    half = len(window) // 2
    many, few = _placements(window[:half]), _placements(window[half:])
    order = np.argsort(few.a, kind="stable")
    few = _Placements(*(column[order] for column in few))
    best, codes, pairs_left = found.cost(worth), None, MAX_PAIRS
    pairs = NearPairs(many.a + a, few.a, (best[0] - worth * len(others)) // 2)
    for rows, columns in pairs:
        pairs_left -= len(rows)
        if pairs_left < 0:
            break
        u, v = many.a[rows] + few.a[columns] + a, many.b[rows] + few.b[columns] + b
        used = many.used[rows] + few.used[columns] + len(others)
        cost = 2 * ((u * u + u * v + v * v) // 3) + worth * used
        allowed = np.flatnonzero((used <= most) & (cost <= best[0]))
        if len(allowed):
            index = allowed[np.lexsort((used[allowed], cost[allowed]))[0]]
            if (int(cost[index]), int(used[index])) < best:
                best = int(cost[index]), int(used[index])
                codes = int(many.code[rows[index]]), int(few.code[columns[index]])
                pairs.q = (best[0] - worth * len(others)) // 2
    if codes is None:
        return found
    placed = _phases(window[:half], codes[0]) | _phases(window[half:], codes[1])
    moved = others | {home.id: placed[home.id] for home in window if placed[home.id] != home.phase}
    return Found((best[0] - worth * len(moved)) // 2, moved)


def _placements(homes: list[Household]) -> _Placements:
    a, b, used, code = (np.zeros(1, dtype=np.int64) for _ in range(4))
    for home in homes:
        change = 3 * home.commitment_wh
        a = (a[:, None] + np.array([change, 0, 0])).ravel()
        b = (b[:, None] + np.array([0, change, 0])).ravel()
        used = (used[:, None] + np.array([phase != home.phase for phase in PHASES])).ravel()
        code = (3 * code[:, None] + np.arange(3)).ravel()
    return _Placements(a, b, used, code)


def _phases(homes: list[Household], code: int) -> dict[str, str]:
    phases = {}
    for home in reversed(homes):
        code, digit = divmod(code, 3)
        phases[home.id] = PHASES[digit]
    return phases
