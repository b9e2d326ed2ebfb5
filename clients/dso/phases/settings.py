"""How the DSO orders phases."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clients.common.configuration import Section


class SwitchingSettings(Section):
    """``hysteresis_wh2``: what a switching must save at least, in the sum of squares of (5.1). ``order_at_share``: when
    the phases of the next slot are ordered, as a share of the running one; before that, homes' plans come in.
    """

    hysteresis_wh2: Annotated[int, Field(ge=0, le=10**12)] = 10_000
    order_at_share: Annotated[float, Field(ge=0, le=0.95)] = 0.5
