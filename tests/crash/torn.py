"""Power cuts, simulated in files: what was written after the last sync is there in part, wrong, or not at all.

``python -m tests.crash.torn [--store level|sqlite] [--stride BYTES]`` prints a summary as JSON. A store is copied after
the sync of one commit and again after the next commit's writes. Everything that lies between may be on the disk after a
power cut: any beginning of what was appended, the new length with zeros or with old garbage in it, later pages but not
earlier ones. From each of these the application must come back at the one commit or the other, and replay to the same
app hash. Cutting into what was synced (a disk that lies about it) must give an older commit, or be noticed.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from abci_app.app import App
from abci_app.state.store import StoreCorrupted
from node import failpoint
from node.abci import ApplicationFailedError
from node.store import StoreDamaged
from tests.crash.forked import in_child
from tests.crash.inprocess import OPENERS
from tests.crash.requests import Answers, day

PAGE_BYTES = 512
SEED = 4


class Tear(NamedTuple):
    """A file's content after a power cut, and whether only unsynced bytes differ from what was written."""

    kind: str
    content: bytes
    honest: bool


def tears(synced: bytes, written: bytes, stride: int, seed: int) -> Iterator[Tear]:
    """What may be left of a file that was ``synced`` and then appended to."""
    chance = random.Random(seed)
    for length in range(0, len(synced), stride):
        yield Tear("synced bytes lost", written[:length], honest=False)
    for length in range(len(synced), len(written) + 1, max(1, stride // 4)):
        missing = len(written) - length
        yield Tear("cut off", written[:length], honest=True)
        yield Tear("zeros", written[:length] + bytes(missing), honest=True)
        yield Tear("garbage", written[:length] + chance.randbytes(missing), honest=True)
    for start in range(len(synced), len(written), PAGE_BYTES):
        end = min(start + PAGE_BYTES, len(written))
        yield Tear("reordered", written[:start] + bytes(end - start) + written[end:], honest=True)


def copies_around_commit(kind: str, height: int, folder: Path) -> tuple[Path, Path]:
    """The store's files after the commit of a height, and after the commit of the next."""
    story, home = day(), folder / "home"
    copies = {height: folder / "synced", height + 1: folder / "written"}

    def play() -> None:
        commits = 0

        def copy(point: str) -> None:
            nonlocal commits
            if point == "store.write.synced":
                commits += 1
                if commits in copies:
                    shutil.copytree(home, copies[commits])

        failpoint.set_action(copy)
        store = OPENERS[kind](home)
        Answers(App(store)).play(story.genesis, story.blocks[: height + 1])

    if in_child(play).killed:
        raise RuntimeError("the child was killed")
    return copies[height], copies[height + 1]


def grown_file(synced: Path, written: Path) -> Path:
    """The one file that the last commit appended to, relative to its copy."""
    # SQLite makes the index of its log anew.
    files = [file.relative_to(written) for file in written.rglob("*") if file.is_file() and "-shm" not in file.name]
    changed = [file for file in files if (written / file).read_bytes() != (synced / file).read_bytes()]
    if len(changed) != 1:
        raise ValueError(f"a commit changed {changed}, one file was expected")
    return changed[0]


def come_back(kind: str, home: Path, until: int) -> int:
    """Open what is left, replay to a height; the height it came back at.

    Raises: StoreDamaged or StoreCorrupted when it was noticed; ValueError when an app hash is wrong.
    """
    store = OPENERS[kind](home)
    try:
        app = App(store)
        height = app.last_block.height
        Answers(app).play(day().genesis, day().blocks[:until])
        if app.last_block.height != until:
            raise ValueError(f"the replay ended at {app.last_block.height}, not at {until}")
    except ApplicationFailedError as error:
        raise error.__cause__ or error from None
    finally:
        store.close()
    return height


def tear_at(kind: str, height: int, stride: int, seed: int, folder: Path) -> Counter[str]:
    """All tears of one commit. Raises: ValueError for one that the application did not survive."""
    synced, written = copies_around_commit(kind, height, folder)
    file = grown_file(synced, written)
    found: Counter[str] = Counter()
    for number, tear in enumerate(tears((synced / file).read_bytes(), (written / file).read_bytes(), stride, seed)):
        home = folder / f"torn-{number}"
        shutil.copytree(written, home)
        (home / file).write_bytes(tear.content)
        try:
            back_at = come_back(kind, home, height + 2)
            if tear.honest and back_at < height:
                raise ValueError(f"{tear.kind}: back at {back_at}, but {height} was synced")
        except (StoreDamaged, StoreCorrupted) as error:
            if tear.honest:
                raise ValueError(f"{tear.kind}, {len(tear.content)} bytes: {error}") from error
            found["noticed"] += 1
        found[tear.kind] += 1
        shutil.rmtree(home)
    return found


def main() -> None:
    """Tear at several heights. An exception (exit code 1) is a loss; no summary is printed then."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", choices=OPENERS, default="level")
    parser.add_argument("--stride", type=int, default=64, help="how far cuts lie apart, in bytes")
    parser.add_argument("--heights", type=int, nargs="+", default=[1, 6, 30, 40])
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    found: Counter[str] = Counter()
    for height in arguments.heights:
        with tempfile.TemporaryDirectory() as folder:
            found += tear_at(arguments.store, height, arguments.stride, arguments.seed, Path(folder))
    print(json.dumps({"store": arguments.store, "tears": found.total() - found["noticed"], "by_kind": found}))


if __name__ == "__main__":
    main()
