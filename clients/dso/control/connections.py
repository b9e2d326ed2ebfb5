"""Where homes hang on the grid: the accounts that are members, by the network's own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.network import PHASES, Network
from clients.dso.homes_file import read_homes
from wire.control import Switch
from wire.phase_switch import PHASE_NAMES


class Connection(NamedTuple):
    """A home's: ``home`` is its id in the network and on MQTT, ``phase`` the one that it was built on."""

    account: bytes
    home: str
    feeder: str
    phase: str

    def phase_by(self, switch: Switch | None) -> str:
        """The phase that it is on, as its switch has confirmed it."""
        return self.phase if switch is None else PHASE_NAMES.get(switch.phase, self.phase)


class Connections:
    """All of a grid's, in order of account."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self.all = tuple(sorted(connections))
        self.by_account: Mapping[bytes, Connection] = {each.account: each for each in self.all}
        self.by_home: Mapping[str, Connection] = {each.home: each for each in self.all}


def read_connections(path: Path, network: Network) -> Connections:
    """Read a file with the header ``account,home``. Raises: ConfigurationError with everything that is wrong in it."""
    feeders, places = feeder_of_bus(network), {home.id: home for home in network.homes}

    def wrong(home: str) -> str:
        if home not in places:
            return f"home = {home!r}: the network has no such home; vdg grid networks NETWORK lists them"
        if places[home].phase not in PHASES:
            return f"home {home} is on all three phases: only homes of one phase are controlled"
        return ""

    return Connections(
        Connection(account, home, feeders[places[home].bus], places[home].phase)
        for account, home in read_homes(path, wrong).items()
    )
