"""How the DSO runs its sessions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Self

from pydantic import Field

from clients.common.configuration import FilePath, Section
from clients.common.grid.limits import KEPT, WATCHED, Limits
from clients.dso.control.law_name import LawName

Percent = Annotated[float, Field(gt=0, le=1_000)]
Seconds = Annotated[float, Field(gt=0, le=3_600)]


class LimitSettings(Section):
    """Deviation of voltages, loading of lines and of the transformer, in percent."""

    deviation_percent: Percent
    line_percent: Percent
    transformer_percent: Percent

    @classmethod
    def of(cls, limits: Limits) -> Self:
        """As a file would give them."""
        return cls(**asdict(limits))

    @property
    def limits(self) -> Limits:
        """As the grid's package takes them."""
        return Limits(self.deviation_percent, self.line_percent, self.transformer_percent)


class ControlSettings(Section):
    """``network``: a shipped network or a pandapower file. ``homes_csv``: header ``account,home``, the network's ids.
    ``station``: what the transformer station's meter calls itself; by default as the network.

    ``sessions``: whether flows are controlled; a DSO that only orders phases needs the rest.
    ``watch``: control starts where this is reached; ``keep``: what flows are held to; by default
    as in `clients.common.grid.limits`.
    ``tolerance_wh``: what a PCC's sum may miss its limit by. ``most_neur_per_wh``: no signal goes beyond, which is what
    the DSO thinks homes' comfort may cost; a limit that isn't kept then is unattainable. ``steepest_neur_per_wh2``: the
    least curvature that homes' costs are taken to have (6.11), where the grid's a_r is less. ``quiet_s``: after a
    signal, powers that haven't changed for so long are the answer of homes that don't say when they have answered;
    ``answer_s``: and answers are waited for no longer.
    ``silent_s``: a measurement that old is missing. ``iteration_s``: the chain closes a session that has no signal for
    so long. ``begin_s``: no session begins earlier in a slot: the readings, proofs and plans that a slot begins with
    would be in the way of its answers. ``last_share``: no session is begun, or goes on, when less than this of the slot
    is left.
    """

    network: Annotated[str, Field(min_length=1)]
    homes_csv: FilePath
    station: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    sessions: bool = True
    watch: LimitSettings = LimitSettings.of(WATCHED)
    keep: LimitSettings = LimitSettings.of(KEPT)
    law: Annotated[LawName, Field(strict=False)] = LawName.SECANT
    tolerance_wh: Annotated[int, Field(ge=1, le=100_000)] = 10
    distribution_fee_neur_per_wh2: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    max_iterations: Annotated[int, Field(ge=1, le=500)] = 60
    most_neur_per_wh: Annotated[int, Field(ge=1, le=10**9)] = 1_000_000
    steepest_neur_per_wh2: Annotated[float, Field(gt=0, le=1e9)] = 20.0
    quiet_s: Seconds = 0.15
    answer_s: Seconds = 1.0
    silent_s: Seconds = 2.0
    iteration_s: Annotated[int, Field(ge=1, le=3_600)] = 5
    begin_s: Annotated[float, Field(ge=0, le=3_600)] = 1.0
    last_share: Annotated[float, Field(ge=0, le=1)] = 0.15
