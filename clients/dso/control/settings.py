"""How the DSO runs its sessions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clients.common.configuration import FilePath, Section
from clients.dso.control.law_name import LawName

Seconds = Annotated[float, Field(gt=0, le=3_600)]


class ControlSettings(Section):
    """``network``: a shipped network or a pandapower file. ``homes_csv``: header ``account,home``, the network's ids.

    ``sessions``: whether flows are controlled; a DSO that only orders phases needs the rest.
    ``tolerance_wh``: what a PCC's sum may miss its limit by. ``most_neur_per_wh``: no signal goes beyond, which is what
    the DSO thinks homes' comfort may cost; a limit that isn't kept then is unattainable. ``steepest_neur_per_wh2``: the
    least curvature that homes' costs are taken to have (6.11), where the grid's a_r is less. ``quiet_s``: after a
    signal, powers that haven't changed for so long are homes' answer; ``answer_s``: and it is waited for no longer.
    ``silent_s``: a measurement that old is missing. ``iteration_s``: the chain closes a session that has no signal for
    so long. ``last_share``: no session is begun, or goes on, when less than this of the slot is left.
    """

    network: Annotated[str, Field(min_length=1)]
    homes_csv: FilePath
    sessions: bool = True
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
    last_share: Annotated[float, Field(ge=0, le=1)] = 0.15
