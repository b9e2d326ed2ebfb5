"""From a file's bytes to what `vdg phases select` is asked: every fault in it is named at once."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final, Literal

from pydantic import Field

from clients.common.file_error import BadFile, FileError, shown
from clients.common.json_file import JsonKind
from clients.common.model_file import FilePart, parse_model
from clients.dso.phases.case import MAX_COMMITMENT_WH, MAX_HOUSEHOLDS
from clients.dso.phases.selection import Candidate, Method

KIND: Final = JsonKind(
    max_bytes=1_000_000,
    shape='{"households": [...], "switches": 4}',
    if_too_large="give the homes of one transformer only",
    if_too_deep="give a list of households",
)
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Percent = Annotated[float, Field(ge=0, le=200)]
Volts = Annotated[float, Field(gt=0, le=100_000)]


class Home(FilePart):
    """A home of the file."""

    id: Name
    feeder: Name
    phase: Literal["a", "b", "c"]
    mean_wh: Annotated[int, Field(ge=-MAX_COMMITMENT_WH, le=MAX_COMMITMENT_WH)]
    pv: bool
    eligible: bool = True


class PhaseVoltages(FilePart):
    """Average voltages of a feeder's phases."""

    a: Volts
    b: Volts
    c: Volts


class SelectionCase(FilePart):
    """What a file asks."""

    households: Annotated[list[Home], Field(min_length=1, max_length=MAX_HOUSEHOLDS)]
    switches: Annotated[int, Field(ge=0, le=MAX_HOUSEHOLDS)]
    method: Annotated[Method, Field(strict=False)] = Method.HYBRID
    mean_voltage_v: dict[Name, PhaseVoltages] = Field(default={})
    mean_vuf_percent: dict[Name, Percent] = Field(default={})

    @property
    def candidates(self) -> list[Candidate]:
        """The homes as `selection.select` takes them."""
        return [Candidate(**dict(home)) for home in self.households]

    @property
    def voltages_v(self) -> dict[str, dict[str, float]]:
        """Average voltages by feeder and phase."""
        return {feeder: dict(voltages) for feeder, voltages in self.mean_voltage_v.items()}


def parse_selection(data: bytes) -> SelectionCase:
    """The case that the bytes of a file describe.

    Raises: BadFile with everything that is wrong.
    """
    case, faults = parse_model(KIND, SelectionCase, data)
    repeated = [name for name, count in Counter(home.id for home in case.households).items() if count > 1]
    faults += [
        FileError("id", shown(name), "stands there twice", "give each home an id of its own") for name in repeated
    ]
    feeders = {home.feeder for home in case.households}
    faults += [
        FileError(field, shown(feeder), "is no feeder of a home", "correct the name, or remove it")
        for field, named in (("mean_voltage_v", case.mean_voltage_v), ("mean_vuf_percent", case.mean_vuf_percent))
        for feeder in named
        if feeder not in feeders
    ]
    if faults:
        raise BadFile(faults)
    return case
