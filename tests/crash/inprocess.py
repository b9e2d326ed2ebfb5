"""The application over a real disk store, fed by requests in place of CometBFT, killed at every point on the way.

``python -m tests.crash.inprocess [--store level|sqlite] [--every N] [--random N]`` prints a summary as JSON. All on one
store: a child comes to a point and dies there, the next opens what it left, replays as CometBFT would, and dies at its
next point. At the end the store must hold, byte for byte, what an application holds that was never killed.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from abci_app.app import App
from node.store import DiskStore, SqliteStore
from node.store.level import LevelStore
from tests.crash.forked import in_child
from tests.crash.requests import Answers, Story, day

OPENERS: dict[str, Callable[[Path], DiskStore]] = {
    "level": lambda home: LevelStore(home / "state"),
    "sqlite": lambda home: SqliteStore(home / "state.sqlite"),
}
LONGEST_LIFE_SECONDS = 0.1
SEED = 4


class Campaign:
    """Kills on one store, and what came of them."""

    def __init__(self, kind: str, home: Path, seed: int = SEED) -> None:
        self.story: Story = day()
        self.kills: Counter[str] = Counter()
        self.chance = random.Random(seed)
        self._open = OPENERS[kind]
        self._home = home

    def live(self) -> None:
        """An application's whole life: open the store, replay, go on to the end of the day."""
        store = self._open(self._home)
        Answers(App(store)).play(self.story.genesis, self.story.blocks)
        store.close()

    def start_anew(self, name: str) -> None:
        """Go on with an empty store."""
        self._home = self._home.with_name(name)

    def die_at_points(self, every: int) -> None:
        """Die at every point of every ``every``-th block, at one point of each other, until the day is over.

        Raises: RuntimeError when a life ends in another way.
        """
        height, number, jump = 0, 1, False
        while (life := in_child(self.live, kill_at=number)).killed:
            self.kills[life.point] += 1
            if life.point in ("store.write.synced", "abci.commit.after"):
                # The block is committed. Of two blocks, one is left at the first of these points, one at the other.
                height, number, jump = height + 1, 1, not jump
                if height % every:
                    number = self.chance.randrange(1, 20)
            elif life.point == "store.write.filled" and jump:
                number += 2
            else:
                number += 1

    def die_at_random(self, lives: int) -> None:
        """Lives that end at random times; where the day is over, another begins with an empty store."""
        for number in range(lives):
            if not in_child(self.live, kill_after_seconds=self.chance.uniform(0, LONGEST_LIFE_SECONDS)).killed:
                self.check()
                self.start_anew(f"random-{number}")
            self.kills["at a random time"] += 1
        self.check()

    def check(self) -> None:
        """Live to the end of the day. Raises: RuntimeError when what is stored is not what it must be."""
        # In a fork as well: LevelDB's thread, once there, would be missing in later forks.
        if in_child(self._compare).killed:
            raise RuntimeError("the child was killed")

    def _compare(self) -> None:
        self.live()
        store = self._open(self._home)
        entries = tuple(store.iterate(b"", b"\xff"))
        store.close()
        if entries != self.story.entries:
            different = set(entries) ^ set(self.story.entries)
            raise ValueError(f"the store differs from an undisturbed one: {sorted(different)[:4]}")

    def summary(self) -> dict[str, Any]:
        """What was done, for machines."""
        return {
            "blocks": len(self.story.blocks),
            "app_hash": self.story.blocks[-1].app_hash.hex(),
            "kills": self.kills.total(),
            "at_random_times": self.kills["at a random time"],
            "kills_by_point": dict(sorted(self.kills.items())),
        }


def main() -> None:
    """Run a campaign. An exception (exit code 1) is a loss; no summary is printed then."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", choices=OPENERS, default="level")
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        help="die at every point of every N-th block only, and at one point of the others",
    )
    parser.add_argument("--random", type=int, default=0, help="then so many kills at random times")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(arguments.store, Path(folder, "points"), arguments.seed)
        campaign.die_at_points(arguments.every)
        campaign.check()
        campaign.start_anew("random")
        campaign.die_at_random(arguments.random)
        print(json.dumps(campaign.summary()))


if __name__ == "__main__":
    main()
