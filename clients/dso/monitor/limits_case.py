"""From a file's bytes to what `vdg dso limits` is asked: every fault in it is named at once."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from clients.common.file_error import BadFile, FileError, shown
from clients.common.grid.fault import BadNetwork
from clients.common.grid.grid import PHASE_CODES
from clients.common.grid.network import Network
from clients.common.grid.opening import open_network
from clients.common.json_file import JsonKind
from clients.common.model_file import FilePart, parse_model
from clients.dso.monitor.caps import Forecast, Vdg

KIND: Final = JsonKind(
    max_bytes=4_000_000,
    shape='{"network": "thesis-33", "vdgs": [...], "homes": [...]}',
    if_too_large="give one network's homes only",
    if_too_deep="give lists of homes and VDGs",
)
_MAX_WH: Final = 1_000_000
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class PlannedHome(FilePart):
    """A home of the network, what it is to take (positive) or give in the slot, and where it belongs."""

    home: Name
    flow_wh: Annotated[int, Field(ge=-_MAX_WH, le=_MAX_WH)]
    vdg: Name | None = None
    phase: Literal["a", "b", "c"] | None = None


class Ranked(FilePart):
    """A VDG and its rank: one of a lower priority is cut first."""

    vdg: Name
    priority: Annotated[int, Field(ge=0, le=1000)] = 0


class LimitsCase(FilePart):
    """What a file asks; homes of the network that it leaves out take nothing."""

    network: Name
    homes: Annotated[list[PlannedHome], Field(max_length=10_000)]
    vdgs: list[Ranked] = Field(default=[], max_length=100)

    def forecast(self, network: Network) -> Forecast:
        """The flows and phases of all homes of the network."""
        given = {planned.home: planned for planned in self.homes}
        flows, phases = [], []
        for home in network.homes:
            planned = given.get(home.id)
            flows.append(float(planned.flow_wh) if planned else 0.0)
            phases.append(PHASE_CODES[(planned.phase if planned else None) or home.phase])
        return Forecast(np.array(flows), np.array(phases, np.intp))

    def parties(self, network: Network) -> list[Vdg]:
        """The VDGs with their homes by number."""
        numbers = {home.id: number for number, home in enumerate(network.homes)}
        return [
            Vdg(
                ranked.vdg,
                ranked.priority,
                tuple(sorted(numbers[planned.home] for planned in self.homes if planned.vdg == ranked.vdg)),
            )
            for ranked in self.vdgs
        ]


def parse_limits(data: bytes) -> tuple[LimitsCase, Network]:
    """The case that the bytes of a file describe, and its network.

    Raises: BadFile with everything that is wrong.
    """
    case, faults = parse_model(KIND, LimitsCase, data)
    network = _network(case.network)
    known = {home.id for home in network.homes}
    vdgs = {ranked.vdg for ranked in case.vdgs}
    for index, planned in enumerate(case.homes):
        if planned.home not in known:
            way_out = f"vdg grid networks {case.network} lists the homes"
            faults.append(FileError(f"homes[{index}].home", shown(planned.home), "is no home of the network", way_out))
        if planned.vdg is not None and planned.vdg not in vdgs:
            reason = "is none of vdgs"
            faults.append(FileError(f"homes[{index}].vdg", shown(planned.vdg), reason, "add it to vdgs, or correct it"))
    names = Counter([planned.home for planned in case.homes]) + Counter(ranked.vdg for ranked in case.vdgs)
    for name, count in names.items():
        if count > 1:
            faults.append(FileError("homes, vdgs", shown(name), "stands there twice", "keep one of them"))
    if faults:
        raise BadFile(faults)
    return case, network


def _network(name: str) -> Network:
    try:
        return open_network(name)
    except BadNetwork as error:
        way_out = "name a shipped network (vdg grid networks) or a pandapower JSON file"
        raise BadFile([FileError("network", shown(name), str(error), way_out)]) from error
