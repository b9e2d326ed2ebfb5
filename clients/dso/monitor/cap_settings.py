"""How the DSO caps what homes may commit to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clients.common.configuration import FilePath, Section
from clients.common.slots import SLOTS_PER_DAY


class Neighbour(Section):
    """Another VDG on the same network, and where its homes hang on it: header ``account,home``."""

    vdg: Annotated[str, Field(min_length=1, max_length=64)]
    homes_csv: FilePath


class CapSettings(Section):
    """``ahead_slots``: without a day before to go by, slots so far ahead are judged by the newest proved flows.

    ``judge_at_slot_of_day``: when the slots of the next day are judged, before its day-ahead gate at slot 72.
    ``neighbours``: the other VDGs on the network; ranks are the chain's ``priority``.
    """

    ahead_slots: Annotated[int, Field(ge=2, le=SLOTS_PER_DAY)] = 12
    judge_at_slot_of_day: Annotated[int, Field(ge=0, lt=SLOTS_PER_DAY)] = 66
    neighbours: Annotated[tuple[Neighbour, ...], Field(strict=False)] = ()
