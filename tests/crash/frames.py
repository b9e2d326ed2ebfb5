"""A real CometBFT and the real application, killed when a part of one ABCI frame has gone over their socket.

``python -m tests.crash.frames [--cuts N] [--seed N]`` prints a summary as JSON. Cut are requests and replies of every
kind, after the first byte, in the middle, and before the last byte; killed are both, the application, or CometBFT.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.crash.cutting import (
    ALL_BUT_LAST,
    APPLICATION,
    COMETBFT,
    FIRST,
    HALF,
    REPLY,
    REQUEST,
    SOCKET,
    Cut,
    relay,
)
from tests.crash.forked import ForkedProcess
from tests.crash.node import APP_SOCKET, DEADLINE_SECONDS, LOG_TAIL, kill, running
from tests.crash.real import REQUESTS, Campaign, end_orphan

VICTIMS: Sequence[Sequence[str]] = ((APPLICATION, COMETBFT), (APPLICATION,), (COMETBFT,))
# `init_chain` comes once, before the first block; so does its campaign.
FIRST_CUTS = tuple(
    Cut(direction, "init_chain", place, victims)
    for direction, place, victims in itertools.product((REQUEST, REPLY), (FIRST, HALF, ALL_BUT_LAST), VICTIMS)
)
SMALL = (
    Cut(REPLY, "finalize_block", HALF, (APPLICATION, COMETBFT), 2),
    Cut(REPLY, "commit", FIRST, (APPLICATION, COMETBFT), 2),
    Cut(REPLY, "commit", ALL_BUT_LAST, (APPLICATION,)),
    Cut(REQUEST, "finalize_block", HALF, (COMETBFT,), 2),
    Cut(REPLY, "check_tx", HALF, (COMETBFT,)),
    Cut(REQUEST, "process_proposal", HALF, (APPLICATION, COMETBFT)),
)


def all_cuts(chance: random.Random) -> Iterator[Cut]:
    """Every kind, direction, place and victim, one of the first four frames of its kind; again and again."""
    while True:
        for kind, direction, place, victims in itertools.product(
            REQUESTS, (REPLY, REQUEST), (FIRST, HALF, ALL_BUT_LAST), VICTIMS
        ):
            yield Cut(direction, kind, place, victims, 1 if kind == "info" else chance.randint(1, 4))


class FrameCampaign(Campaign):
    """One chain, each of whose lives ends with a frame that is cut."""

    def cut_all(self, cuts: Iterator[Cut]) -> None:
        """One life after the other. Raises: TimeoutError when a frame does not come, RuntimeError for the relay."""
        for number, cut in enumerate(cuts, start=1):
            self.live_until_cut(cut)
            self.kills[cut.name] += 1
            if number % 25 == 0:
                print(f"{number} cuts, height {self.traffic.height}, {self.traffic.sent} sent", file=sys.stderr)

    def live_until_cut(self, cut: Cut) -> None:
        """Start what does not run, with the relay between, and send until the frame is cut."""
        node = self.node
        if not running(node.app):
            node.start_app()
        path = node.folder / SOCKET
        path.unlink(missing_ok=True)
        between = ForkedProcess(
            partial(relay, Path(APP_SOCKET), Path(SOCKET), cut), node.folder, node.folder / "cut.log"
        )
        try:
            self._until(path.exists, "the relay listens")
            node.start(abci_socket=SOCKET)
            self._work_until_gone()
            self._until(lambda: between.poll() is not None, f"the end was that of {cut}")
            if between.returncode:
                raise RuntimeError(f"the relay failed: {(node.folder / 'cut.log').read_text()}")
        finally:
            kill(between)
        killed = [{APPLICATION: node.app, COMETBFT: node.cometbft}[victim] for victim in cut.victims]
        # A process that is being killed is there for a moment more.
        self._until(lambda: not any(map(running, killed)), f"the victims were killed of {cut}")
        if APPLICATION in cut.victims:
            end_orphan(node)

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(f"{part}: {self.node.log(part)[-LOG_TAIL:]}" for part in ("app", "cometbft"))
                raise TimeoutError(f"waited in vain until {what}\n{logs}")
            time.sleep(0.005)


def first_start(cuts: Iterable[Cut], seed: int) -> Counter[str]:
    """Kill new chains before their first block, each of its own; every one must then live."""
    kills: Counter[str] = Counter()
    for cut in cuts:
        with tempfile.TemporaryDirectory(prefix="vc") as folder:
            campaign = FrameCampaign(Path(folder), seed)
            try:
                campaign.cut_all(iter([cut]))
                campaign.finish()
            finally:
                campaign.node.kill()
            kills += campaign.kills
    return kills


def main() -> None:
    """Run a campaign. An exception (exit code 1) is a loss or a node that did not come back."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--cuts", type=int, default=200, help="how many, after those of new chains; 0: a fixed few alone"
    )
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    started = time.monotonic()
    few = not arguments.cuts
    cuts = iter(SMALL) if few else itertools.islice(all_cuts(random.Random(arguments.seed)), arguments.cuts)
    kills = Counter() if few else first_start(FIRST_CUTS, arguments.seed)
    with tempfile.TemporaryDirectory(prefix="vc") as folder:
        campaign = FrameCampaign(Path(folder), arguments.seed)
        try:
            campaign.cut_all(cuts)
            app_hash = campaign.finish()
        finally:
            campaign.node.kill()
    kills += campaign.kills
    summary = {
        "kills": kills.total(),
        "blocks": campaign.traffic.height,
        "transactions": campaign.traffic.sent,
        "app_hash": app_hash,
        "seconds": round(time.monotonic() - started),
        "kills_by_frame": dict(sorted(kills.items())),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
