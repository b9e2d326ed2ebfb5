"""The networks that come with `vdg`, by name: files of our own in ``data/``, and benchmarks that pandapower ships.

Of pandapower's those are here that have one transformer and can be given a neutral honestly. Kerber's cables and
overhead bundles have four equal conductors, so that z0 = 4 z1; the European feeder of IEEE comes with its z0. Homes of
Kerber's are connected to all three phases, as German ones are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clients.common.grid.network import Home, Line, LineType, Network, Source, Transformer

_DATA = Path(__file__).parent / "data"
_KERBER = {
    "kerber-landnetz-freileitung-1": "Kerber's rural network 1, overhead lines: 13 homes on three phases",
    "kerber-landnetz-freileitung-2": "Kerber's rural network 2, overhead lines: 8 homes on three phases",
    "kerber-landnetz-kabel-1": "Kerber's rural network 1, cables: 8 homes on three phases",
    "kerber-landnetz-kabel-2": "Kerber's rural network 2, cables: 14 homes on three phases",
    "kerber-dorfnetz": "Kerber's village network: 57 homes on three phases",
    "kerber-vorstadtnetz-kabel-1": "Kerber's suburban network 1: 146 homes on three phases",
    "kerber-vorstadtnetz-kabel-2": "Kerber's suburban network 2: 144 homes on three phases",
}
_IEEE_EUROPEAN = "ieee-european-lv"
_IEEE_EUROPEAN_DESCRIPTION = "IEEE's European low-voltage test feeder: 55 homes on one phase each, 906 buses"
_EQUAL_CONDUCTORS_ZERO_SEQUENCE = 4


def names() -> tuple[str, ...]:
    """The names of all shipped networks, ours first."""
    return (*_ours(), *_KERBER, _IEEE_EUROPEAN)


def descriptions() -> dict[str, str]:
    """What each shipped network is, by name, without the time that building all of them takes."""
    ours = {name: json.loads(_file(name).read_text())["description"] for name in _ours()}
    return {**ours, **_KERBER, _IEEE_EUROPEAN: _IEEE_EUROPEAN_DESCRIPTION}


def load(name: str) -> Network:
    """The shipped network of that name.

    Raises:
        KeyError: there is none; `names` lists them.
    """
    if name in _KERBER:
        return _kerber(name)
    if name == _IEEE_EUROPEAN:
        return _ieee_european()
    if name not in _ours():
        raise KeyError(name)
    return network_of(json.loads(_file(name).read_text()))


def _ours() -> list[str]:
    return sorted(path.stem for path in _DATA.glob("*.json"))


def _file(name: str) -> Path:
    return _DATA / f"{name}.json"


def _kerber(name: str) -> Network:
    # pandapower takes seconds to import, and networks of our own don't need it.
    from pandapower import networks

    from clients.common.grid.pandapower_tables import NetworkTables

    net = getattr(networks, "create_" + name.replace("-", "_"))()
    for part in ("r", "x"):
        net.line[f"{part}0_ohm_per_km"] = _EQUAL_CONDUCTORS_ZERO_SEQUENCE * net.line[f"{part}_ohm_per_km"]
    net.load["name"] = [f"home{number:03d}" for number in range(1, len(net.load) + 1)]
    net.name = _KERBER[name]
    return NetworkTables(net, name).network()


def _ieee_european() -> Network:
    from pandapower import networks

    from clients.common.grid.pandapower_tables import NetworkTables

    net = networks.ieee_european_lv_asymmetric()
    net.name = _IEEE_EUROPEAN_DESCRIPTION
    return NetworkTables(net, _IEEE_EUROPEAN).network()


def network_of(record: dict[str, Any]) -> Network:
    """The network that a record of ``data/`` describes; complex figures are pairs."""
    types = {name: LineType(**_with_complex(kind)) for name, kind in record["line_types"].items()}
    return Network(
        name=record["name"],
        description=record["description"],
        source=Source(**record["source"]),
        transformer=Transformer(**record["transformer"]),
        buses=tuple(record["buses"]),
        lines=tuple(Line(**{**line, "type": types[line["type"]]}) for line in record["lines"]),
        homes=tuple(Home(**home) for home in record["homes"]),
    )


def _with_complex(kind: dict[str, Any]) -> dict[str, Any]:
    return {name: complex(*value) if isinstance(value, list) else value for name, value in kind.items()}
