"""The networks that come with `vdg`, by name. Each is a file of its own in ``data/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clients.common.grid.network import Home, Line, LineType, Network, Source, Transformer

_DATA = Path(__file__).parent / "data"


def names() -> tuple[str, ...]:
    """The names of all shipped networks."""
    return tuple(sorted(path.stem for path in _DATA.glob("*.json")))


def load(name: str) -> Network:
    """The shipped network of that name.

    Raises:
        KeyError: there is none; `names` lists them.
    """
    if name not in names():
        raise KeyError(name)
    return network_of(json.loads((_DATA / f"{name}.json").read_text()))


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
