"""The signer's own list of which meter measures which account."""

from __future__ import annotations

import csv
from pathlib import Path

from clients.common.configuration import ConfigurationError
from wire.address import parse_address

_HEADER = ["account", "meter"]


def read_meters(path: Path) -> dict[bytes, str]:
    """Read a CSV file with the header ``account,meter`` (address in hexadecimal, serial number).

    Raises: ConfigurationError with every line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: can't be read as CSV ({error})") from error
    if not rows or rows[0] != _HEADER:
        raise ConfigurationError(f"{path}: line 1 is not {','.join(_HEADER)}: start the file with it")
    meters: dict[bytes, str] = {}
    problems: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(_HEADER) or not row[1]:
            problems.append(f"line {number}: {row} is not an account and a meter")
            continue
        try:
            account = parse_address(row[0])
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        if account in meters:
            problems.append(f"line {number}: account {row[0]} is there already: keep one line")
        meters[account] = row[1]
    if problems:
        raise ConfigurationError(f"{path}:\n  " + "\n  ".join(problems))
    return meters
