"""Reading the logs of several processes at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from node.localnet.errors import UnknownNameError
from node.localnet.logfile import tail

POLL_SECONDS: Final = 0.25


class LogLine(NamedTuple):
    """A line, and the process that wrote it."""

    process: str
    line: str


def logs_of(home: Path, name: str) -> dict[str, Path]:
    """The logs of a process, of both sides of a validator, or of all (an empty name), by process.

    Raises:
        LocalnetError: there is no such log.
    """
    every = {file.stem: file for file in sorted((home / "log").glob("*.log"))}
    found = {process: file for process, file in every.items() if name in ("", process, process.partition(".")[0])}
    if not found:
        raise UnknownNameError(f"there is no log of {name or 'anything'} in {home}: choose one of {', '.join(every)}")
    return found


def last_lines(logs: Mapping[str, Path], lines: int) -> Iterator[LogLine]:
    """The last lines of each log."""
    for process, file in logs.items():
        for line in tail(file, lines):
            yield LogLine(process, line)


def follow_logs(logs: Mapping[str, Path]) -> Iterator[LogLine]:
    """Every line written from now on, forever. A log that was rotated is read from its new beginning."""
    places = {process: file.stat().st_size for process, file in logs.items()}
    while True:
        for process, file in logs.items():
            size = file.stat().st_size
            start = places[process] if size >= places[process] else 0
            with file.open("rb") as log:
                log.seek(start)
                content = log.read()
            whole = content[: content.rfind(b"\n") + 1]
            places[process] = start + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                yield LogLine(process, line)
        time.sleep(POLL_SECONDS)
