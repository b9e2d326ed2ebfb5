"""The DSO's list of which home (its id in the network and on MQTT) is which account's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clients.common.csv_file import read_csv
from wire.address import parse_address


def read_homes(path: Path, wrong: Callable[[str], str] = lambda _home: "") -> dict[bytes, str]:
    """Homes' ids by account, from a file with the header ``account,home``.

    ``wrong`` says what is wrong with a home of this id, or nothing. Raises: ConfigurationError with every line that is
    wrong.
    """
    homes: dict[bytes, str] = {}
    ids: set[str] = set()

    def take(_line: int, row: list[str]) -> None:
        account, home = parse_address(row[0]), row[1]
        problem = wrong(home)
        if problem:
            raise ValueError(problem)
        if account in homes or home in ids:
            raise ValueError(f"{row[0]}, {home}: one of them stands there before; keep one line for each")
        homes[account] = home
        ids.add(home)

    read_csv("homes_csv", path, ["account", "home"], take)
    return homes
