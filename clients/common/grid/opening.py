"""A network by the name that people give it: a shipped one's, or a file's."""

from __future__ import annotations

from pathlib import Path

from clients.common.grid import shipped
from clients.common.grid.fault import BadNetwork, Fault, shown
from clients.common.grid.network import Network
from clients.common.grid.pandapower_file import read
from clients.common.grid.validation import check


def open_network(name: str) -> Network:
    """The shipped network of that name, or the one in a pandapower JSON file, which is checked.

    Raises: BadNetwork with everything that is wrong with it.
    """
    if name in shipped.names():
        return shipped.load(name)
    path = Path(name)
    if path.is_file() or name.endswith(".json"):
        return check(read(path))
    way_out = f"name a pandapower JSON file or one of {', '.join(shipped.names())}"
    raise BadNetwork([Fault("name", shown(name), "is no shipped network and no file", way_out)])
