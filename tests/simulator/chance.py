"""Random choices that depend on the seed and the place they are made at, and on nothing before it."""

from __future__ import annotations

from random import Random


def chance(*place: object) -> Random:
    """A generator for one place of a simulation: seed, height, number of the action, and so on.

    That a place's choices stay the same when others are left out is what lets a failing run be made smaller.
    """
    return Random("/".join(map(str, place)))
