"""CSV files that people write for daemons: a header, and rows of which every wrong one is named."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from clients.common.configuration import ConfigurationError


def read_csv(field: str, path: Path, header: Sequence[str], take: Callable[[int, list[str]], None]) -> None:
    """Give each row below the header to ``take``, with the number of its line.

    ``field`` is where the configuration names the file. ``take`` gets rows of the header's length, and raises
    ValueError for one that can't be used. Raises: ConfigurationError with every line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{field} = {path}: can't be read as CSV ({error}): give another path") from error
    if not rows or rows[0] != list(header):
        raise ConfigurationError(f"{field} = {path}: line 1 is not {','.join(header)}: start the file with it")
    problems: list[str] = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            if len(row) != len(header):
                raise ValueError(f"{len(row)} values: give {' and '.join(header)}")
            take(line, row)
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if problems:
        raise ConfigurationError(f"{field} = {path}:\n  " + "\n  ".join(problems))
