"""The command line that all studies share."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from studies.report import Report
from studies.writing import json_of, write

_MAX_DAYS = 60


class Options(NamedTuple):
    """What a study was asked for. ``tell`` shows progress.

    ``times``: how many neighbourhoods share a market, ``swept``: how many seeds are lived again for each value of what
    is left open; 0 where that isn't wanted.
    """

    seeds: int
    days: int
    times: int
    swept: int
    tell: Callable[[str], None]

    @property
    def settings(self) -> dict[str, int]:
        """For the report."""
        return {"seeds": self.seeds, "days_a_seed": self.days}


class Defaults(NamedTuple):
    """A study's usual extent."""

    module: str
    seeds: int
    days: int
    times: int = 0
    swept: int = 0


def run(
    about: str, defaults: Defaults, study: Callable[[Options], Report], arguments: Sequence[str] | None = None
) -> int:
    """Read the command line, run the study, write its files; the exit code. Progress goes to standard error."""
    asked = _parser(about, defaults).parse_args(arguments)
    started = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", file=sys.stderr, flush=True)

    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        report = study(Options(asked.seeds, asked.days, asked.times, asked.swept, tell))
        files = write(report, asked.out)
    except OSError as error:
        print(
            f"error: {asked.out}: {error.strerror or error}; give --out a folder that can be written", file=sys.stderr
        )
        return 1
    if asked.json:
        sys.stdout.write(json_of(report))
    else:
        for claim in report.claims:
            print(f"- {claim.thesis} ({claim.where})\n  ours: {claim.ours}\n  {claim.why}")
        print(f"\n{files[-1]} and {len(files) - 1} files beside it")
    tell("done")
    return 0


def _parser(about: str, defaults: Defaults) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {defaults.module}", description=about)
    parser.add_argument(
        "--seeds", type=_whole(1, 1000), default=defaults.seeds, help="so many draws of loads (%(default)s)"
    )
    parser.add_argument("--days", type=_whole(1, _MAX_DAYS), default=defaults.days, help="days of each (%(default)s)")
    if defaults.times:
        parser.add_argument(
            "--times",
            type=_whole(0, 300),
            default=defaults.times,
            help="so many neighbourhoods in one market (%(default)s; 0: leave that out)",
        )
    if defaults.swept:
        parser.add_argument(
            "--swept",
            type=_whole(0, 1000),
            default=defaults.swept,
            help="so many seeds for each incentive and forecast error (%(default)s; 0: leave that out)",
        )
    parser.set_defaults(times=defaults.times, swept=defaults.swept)
    parser.add_argument("--out", type=Path, default=Path("build/studies"), help="where files go (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isdecimal() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read
