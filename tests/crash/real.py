"""A real CometBFT with the real application, killed at fail points of either and at random times.

``python -m tests.crash.real [--points N] [--random N] [--seed N]`` prints a summary as JSON. The points are ours
(before and after every ABCI request and every write of the store), CometBFT's own ten (FAIL_TEST_INDEX), and the first
start of a chain. With a kill goes, in turn: the other process too; only this one, the other being ended as a supervisor
does; or only CometBFT, the application living on.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.crash.node import Gone, Node, kill, running
from tests.crash.traffic import Traffic
from tests.crash.undisturbed import check_store

REQUESTS = ("info", "check_tx", "prepare_proposal", "process_proposal", "finalize_block", "commit")
POINTS = (
    *(f"abci.{request}.{side}" for request in REQUESTS for side in ("before", "after")),
    *("store.write.before", "store.write.filled", "store.write.synced"),
)
# Before the first block there is nothing but these.
FIRST_POINTS = (*POINTS, "abci.init_chain.before", "abci.init_chain.after")
# CometBFT counts its fail points from the start of the process; a height has twelve, and a replay some.
COMETBFT_INDEXES = 30
LONGEST_LIFE_SECONDS = 1.5
ORPHAN_SECONDS = 3.0


class Kill(NamedTuple):
    """One life's end: at a point of the application, at an index of CometBFT's, or at a time (with one or both)."""

    app_point: str = ""
    cometbft_index: str = ""
    after_seconds: float = 0.0
    parts: str = "both"

    @property
    def name(self) -> str:
        """For the summary."""
        also = ", and the other" if self.parts == "both" else ""
        if self.app_point:
            return f"application at {self.app_point.partition(':')[0]}{also}"
        if self.cometbft_index:
            return f"cometbft at point {self.cometbft_index}{also}"
        return f"{self.parts} at a random time"


def points(total: int) -> Iterator[Kill]:
    """Kills at points, ours and CometBFT's in turn: ours each for the first time that they are reached, then others.

    Of any point every other kill is of both processes.
    """
    for number in range(total):
        ours = number % 2 == 0
        rounds, point = divmod(number // 2, len(POINTS) if ours else COMETBFT_INDEXES)
        parts = ("both", "one")[(rounds + point) % 2]
        if ours:
            yield Kill(app_point=_within_a_life(f"{POINTS[point]}:{rounds + 1}"), parts=parts)
        else:
            yield Kill(cometbft_index=str(point), parts=parts)


def _within_a_life(point: str) -> str:
    """Info comes once in a life of a process; everything else as often as one waits."""
    name, _, times = point.partition(":")
    return f"{name}:1" if ".info." in name else f"{name}:{(int(times) - 1) % 4 + 1}"


def random_times(total: int, chance: random.Random) -> Iterator[Kill]:
    """Kills at any time of the application, of CometBFT, of both."""
    for number in range(total):
        yield Kill(
            after_seconds=chance.uniform(0, LONGEST_LIFE_SECONDS), parts=("application", "cometbft", "both")[number % 3]
        )


class Campaign:
    """One chain that is killed again and again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.node = Node(folder, forked=True)
        self.traffic = Traffic(seed)
        self.kills: Counter[str] = Counter()

    def run(self, kills: Iterator[Kill]) -> None:
        """One life after the other. Raises: TimeoutError when a life does not come to its end."""
        for number, death in enumerate(kills, start=1):
            self.live_until(death)
            self.kills[death.name] += 1
            if number % 50 == 0:
                print(f"{number} kills, height {self.traffic.height}, {self.traffic.sent} sent", file=sys.stderr)

    def live_until(self, death: Kill) -> None:
        """Start what does not run, send, and end as told."""
        node = self.node
        if death.app_point or death.after_seconds:
            # An application that lived on has no fail point.
            kill(node.app)
        node.start(app_failpoint=death.app_point, cometbft_failpoint=death.cometbft_index)
        if death.after_seconds:
            self.work_for(death.after_seconds)
        else:
            self._work_until_gone()
        if death.parts in ("both", "application"):
            kill(node.app)
        if death.parts == "one" and not running(node.app):
            end_orphan(node)
        if death.parts in ("both", "cometbft"):
            kill(node.cometbft)

    def _work_until_gone(self) -> None:
        with suppress(Gone):
            self.node.wait(self._pump, "it was killed")

    def work_for(self, seconds: float) -> None:
        """Send and read for a while, whether or not the node answers."""
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            with suppress(Gone):
                self._pump()
            time.sleep(0.01)

    def _pump(self) -> bool:
        self.traffic.pump(self.node)
        time.sleep(0.03)
        return False

    def finish(self) -> str:
        """Let everything be committed, stop, compare all; the last app hash. Raises: ValueError for a loss."""
        node, traffic = self.node, self.traffic
        node.kill()
        node.start()

        def settled() -> bool:
            traffic.pump(node, new=False)
            return not traffic.outstanding

        node.wait(settled, "every transfer was in a block")
        traffic.check_chain(node)
        node.stop()
        return check_store(node.folder)


def end_orphan(node: Node) -> None:
    """CometBFT without its application stops, or hangs (docs/abci-server.md): then it is killed, as by a supervisor."""
    if node.cometbft is not None:
        with suppress(subprocess.TimeoutExpired):
            node.cometbft.wait(ORPHAN_SECONDS)
        kill(node.cometbft)


def first_start(seed: int) -> Counter[str]:
    """Kill a chain before its first blocks, at every point; a new chain each time."""
    kills: Counter[str] = Counter()
    for point in FIRST_POINTS:
        with tempfile.TemporaryDirectory(prefix="vc") as folder:
            campaign = Campaign(Path(folder), seed)
            campaign.run(iter([Kill(app_point=point)]))
            campaign.finish()
            kills.update({f"first start, {name}": count for name, count in campaign.kills.items()})
    return kills


def main() -> None:
    """Run a campaign. An exception (exit code 1) is a loss or a node that did not come back."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=500, help="how many kills at fail points")
    parser.add_argument("--random", type=int, default=100, help="then so many at random times")
    parser.add_argument("--first", action="store_true", help="before all, kill new chains at their first points")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="a folder for the node that is not removed")
    arguments = parser.parse_args()
    started = time.monotonic()
    kills = first_start(arguments.seed) if arguments.first else Counter()
    with tempfile.TemporaryDirectory(prefix="vc") as folder:
        campaign = Campaign(arguments.keep or Path(folder), arguments.seed)
        try:
            campaign.run(points(arguments.points))
            campaign.run(random_times(arguments.random, random.Random(arguments.seed)))
            app_hash, repairs = campaign.finish(), campaign.node.repairs
        finally:
            campaign.node.kill()
    kills += campaign.kills
    summary = {
        "kills": kills.total(),
        "at_random_times": sum(count for name, count in kills.items() if name.endswith("random time")),
        "blocks": campaign.traffic.height,
        "transactions": campaign.traffic.sent,
        "app_hash": app_hash,
        "repairs_before_a_start": len(repairs),
        "seconds": round(time.monotonic() - started),
        "kills_by_point": dict(sorted(kills.items())),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
