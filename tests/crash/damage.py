"""Damaged stores: a changed byte, an emptied file, a missing file. Each must be noticed and named, or do no harm.

``python -m tests.crash.damage [--store level|sqlite] [--flips N]`` prints a summary as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from abci_app.app import App
from abci_app.state.store import StoreCorrupted
from node.store import StoreDamaged
from tests.crash.forked import in_child
from tests.crash.inprocess import OPENERS
from tests.crash.requests import Answers, day
from tests.crash.torn import come_back

HEIGHT = 30
SEED = 4


def store_of_several_lives(kind: str, home: Path, *, killed: bool) -> None:
    """A store with tables and a journal, closed and opened again on the way; closed at the end, or ``killed``."""
    story = day()

    def live(until: int, killed: bool) -> None:
        store = OPENERS[kind](home)
        Answers(App(store)).play(story.genesis, story.blocks[:until])
        if not killed:
            store.close()

    for until, life_is_killed in ((10, False), (20, True), (HEIGHT - 1, False), (HEIGHT, killed)):
        # A fork, as a store that isn't closed stays open in this process.
        if in_child(partial(live, until, life_is_killed)).killed:
            raise RuntimeError("the child was killed")


def damages(home: Path, flips: int, seed: int) -> Iterator[str]:
    """Damage the files of a store in one way after the other; before each they are whole again."""
    chance = random.Random(seed)
    whole = home.with_name("whole")
    shutil.copytree(home, whole)

    def again() -> None:
        shutil.rmtree(home)
        shutil.copytree(whole, home)

    files = sorted(file.relative_to(home) for file in home.rglob("*") if file.is_file() and file.name != "LOCK")
    for file in files:
        again()
        (home / file).unlink()
        yield f"{_kind(file)} missing"
        again()
        (home / file).write_bytes(b"")
        yield f"{_kind(file)} emptied"
        for _ in range(flips):
            again()
            content = bytearray((home / file).read_bytes())
            if content:
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
                (home / file).write_bytes(content)
                yield f"{_kind(file)} with a changed bit"


def _kind(file: Path) -> str:
    """A file's name without its number."""
    return file.name.rstrip("0123456789-").replace(file.stem, "") or file.name if file.stem.isdigit() else file.name


def damage(kind: str, flips: int, seed: int, home: Path, *, killed: bool) -> dict[str, Counter[str]]:
    """What came of each damage. Raises: ValueError when one was not noticed, or whatever isn't named."""
    store_of_several_lives(kind, home, killed=killed)
    found = {"noticed": Counter[str](), "harmless": Counter[str]()}
    for what in damages(home, flips, seed):
        try:
            come_back(kind, home, HEIGHT + 2)
        except (StoreDamaged, StoreCorrupted):
            found["noticed"][what] += 1
        else:
            found["harmless"][what] += 1
    return found


def main() -> None:
    """Damage a store. An exception (exit code 1) is a damage that did harm, or has no name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", choices=OPENERS, default="level")
    parser.add_argument("--flips", type=int, default=200, help="how many bits of each file")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    summary: dict[str, Any] = {"store": arguments.store}
    for end, killed in (("closed", False), ("killed", True)):
        with tempfile.TemporaryDirectory() as folder:
            summary[end] = damage(arguments.store, arguments.flips, arguments.seed, Path(folder, "home"), killed=killed)
    summary["damages"] = sum(found.total() for end in ("closed", "killed") for found in summary[end].values())
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
