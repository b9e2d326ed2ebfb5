"""The subset of some homes that brings a sum nearest to zero, by meeting in the middle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clients.dso.phases.moves import Integers

# Homes of a list; of more than two lists' those that come last stay out.
MAX_HALF = 16


class Subset(NamedTuple):
    """``total``: what it makes of the start. ``inside``: the places of its homes. ``listed``: the work, in entries.

    ``complete``: no subset is nearer to zero.
    """

    total: int
    inside: list[int]
    listed: int
    complete: bool


class _Listed(NamedTuple):
    """All subsets of some homes: what they change, how many of them count, a bit for each home."""

    change: Integers
    counting: Integers
    homes: Integers


def nearest_subset(start: int, changes: list[int], counted: list[bool], limit: int) -> Subset:
    """The subset whose ``changes`` added to ``start`` are nearest to zero; of those ``counted`` at most ``limit``."""
    places = range(min(len(changes), 2 * MAX_HALF))
    if limit >= sum(counted):
        counted = [False] * len(changes)
    many, few = (_listed(changes, counted, list(places[first::2])) for first in (0, 1))
    nearest, inside = start, 0
    for counting in range(min(limit, int(many.counting.max())) + 1):
        rows = np.flatnonzero(many.counting == counting)
        fits = np.flatnonzero(few.counting <= limit - counting)
        fits = fits[np.argsort(few.change[fits], kind="stable")]
        sums, others = start + many.change[rows], few.change[fits]
        after = np.searchsorted(others, -sums)
        for columns in (np.minimum(after, len(others) - 1), np.maximum(after - 1, 0)):
            totals = sums + others[columns]
            best = int(abs(totals).argmin())
            if abs(totals[best]) < abs(nearest):
                nearest = int(totals[best])
                inside = int(many.homes[rows[best]] | few.homes[fits[columns[best]]])
    return Subset(
        nearest,
        [place for place in places if inside >> place & 1],
        len(many.change) + len(few.change),
        len(places) == len(changes),
    )


def _listed(changes: list[int], counted: list[bool], places: list[int]) -> _Listed:
    listed = _Listed(*(np.zeros(1, dtype=np.int64) for _ in range(3)))
    for place in places:
        step = (changes[place], int(counted[place]), 1 << place)
        listed = _Listed(*(np.concatenate((column, column + each)) for column, each in zip(listed, step, strict=True)))
    return listed
