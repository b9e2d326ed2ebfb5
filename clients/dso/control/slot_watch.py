"""Whether a slot keeps its limits after its session has brought flows within them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clients.dso.control.answers import Answers
from clients.dso.control.constraint import Constraint


class Bearable(NamedTuple):
    """``wh``: what sums may be beyond their limits; ``seconds``: and for how long when they are by more."""

    wh: float
    seconds: float


async def left_limits(
    answers: Answers,
    constraint: Constraint,
    bearable: Bearable,
    until_s: float,
    now_s: Callable[[], float] = time.time,
) -> bool:
    """Watch a slot's sums until a Unix time; True as soon as they are beyond their limits and stay there.

    A battery may be full or empty before the slot ends, or a home do something else: what a session has seen of the
    slot's first seconds needn't hold. Where nothing is measured nothing is known, and nothing is said.
    """
    beyond_since_s: float | None = None
    while (left_s := until_s - (seen_s := now_s())) > 0:
        sums_wh = answers.sums_wh()
        if sums_wh is None or np.all(np.abs(sums_wh - constraint.nearest(sums_wh)) <= bearable.wh):
            beyond_since_s = None
        elif beyond_since_s is None:
            beyond_since_s = seen_s
        elif seen_s - beyond_since_s >= bearable.seconds:
            return True
        await answers.news(min(left_s, bearable.seconds / 4))
    return False
