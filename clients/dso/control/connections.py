"""Where homes hang on the grid: the accounts that are members, by the network's own names."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from clients.common.configuration import ConfigurationError
from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.network import PHASES, Network

_HEADER = ["account", "home"]
_ADDRESS_DIGITS = 40


class Connection(NamedTuple):
    """A home's: ``home`` is its id in the network and on MQTT, ``phase`` the one that it was built on."""

    account: bytes
    home: str
    feeder: str
    phase: str


class Connections:
    """All of a grid's, in order of account."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self.all = tuple(sorted(connections))
        self.by_account: Mapping[bytes, Connection] = {each.account: each for each in self.all}
        self.by_home: Mapping[str, Connection] = {each.home: each for each in self.all}


def read_connections(path: Path, network: Network) -> Connections:
    """Read a file with the header ``account,home``. Raises: ConfigurationError with everything that is wrong in it."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"homes_csv = {path}: can't be read ({error}): give another path") from error
    if not rows or rows[0] != _HEADER:
        raise ConfigurationError(f"homes_csv = {path}: line 1 has to be {','.join(_HEADER)}")
    feeders, places = feeder_of_bus(network), {home.id: home for home in network.homes}
    found: dict[str, Connection] = {}
    accounts: set[str] = set()
    problems = []
    for number, row in enumerate(rows[1:], 2):
        problem = _problem(row, places.keys(), found.keys(), accounts)
        if problem:
            problems.append(f"line {number}: {problem}")
            continue
        account, home = row
        place = places[home]
        if place.phase not in PHASES:
            problems.append(
                f"line {number}: home {home} is on all three phases: only homes of one phase are controlled"
            )
            continue
        accounts.add(account)
        found[home] = Connection(bytes.fromhex(account), home, feeders[place.bus], place.phase)
    if problems:
        raise ConfigurationError(f"homes_csv = {path}: " + "; ".join(problems))
    return Connections(found.values())


def _problem(row: list[str], places: Iterable[str], homes: Iterable[str], accounts: Iterable[str]) -> str:
    if len(row) != len(_HEADER):
        return f"{len(row)} values: give account and home"
    account, home = row
    if len(account) != _ADDRESS_DIGITS or set(account) - set("0123456789abcdef"):
        return f"account = {account!r}: give {_ADDRESS_DIGITS} hexadecimal digits in lower case"
    if home not in places:
        return f"home = {home!r}: the network has no such home; vdg grid networks NETWORK lists them"
    if home in homes or account in accounts:
        return f"{account}, {home}: one of them stands there before; keep one line for each"
    return ""
