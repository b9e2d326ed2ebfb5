"""Making a failing run smaller: leave actions out as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulator.record import Failure
from tests.simulator.simulation import Actions, Simulation


def fails(seed: int, blocks: int, left_out: Actions) -> Failure | None:
    """The first difference of a run, or None."""
    try:
        Simulation(seed, left_out).run(blocks)
    except Failure as failure:
        return failure
    return None


def shrink(seed: int, blocks: int, note: Callable[[str], None]) -> tuple[Actions, Failure]:
    """Actions that can be left out so that the run still fails, and how it fails then.

    Halves of what is left are tried, then quarters, and so on (delta debugging). Raises: ValueError when nothing fails.
    """
    failure = fails(seed, blocks, frozenset())
    if failure is None:
        raise ValueError(f"seed {seed} does not fail in {blocks} blocks")
    simulation = Simulation(seed)
    try:
        simulation.run(failure.height)
    except Failure:
        kept = simulation.actions
    # What fails later is another failure, with actions that were not counted.
    blocks = failure.height
    left_out: Actions = frozenset()
    size = max(len(kept) // 2, 1)
    while True:
        at = 0
        while at < len(kept):
            part = kept[at : at + size]
            found = fails(seed, blocks, left_out | set(part))
            if found is None:
                at += size
                continue
            failure, left_out = found, left_out | set(part)
            kept = [action for action in kept[:at] + kept[at + size :] if action[0] <= found.height]
            note(f"{len(kept)} actions left, fails at height {found.height}")
        if size == 1:
            return left_out, failure
        size = max(size // 2, 1)
