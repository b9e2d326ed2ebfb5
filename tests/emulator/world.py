"""Homes and set points that tests make up."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from emulator.battery import BatteryRating
from emulator.homes import Home
from emulator.household import Household, SlotEnd
from emulator.units import SLOT_MS
from wire.mqtt import SetPoint

IDEAL = BatteryRating.of_capacity(6_000, 3_000)


def home(load_w: list[int], pv_w: list[int], battery: BatteryRating | None = IDEAL) -> Home:
    """A home with given powers, one a slot."""
    return Home(
        id="h1",
        kind="pv_battery" if battery else "pv",
        bus=1,
        phase=1,
        meter="VDG-h1",
        load_w=np.array(load_w, dtype=np.uint16),
        pv_w=np.array(pv_w, dtype=np.uint16),
        pv_wp=5_000,
        battery=battery,
    )


def net_of_slot(household: Household, slot: int) -> int:
    """Lets a household live to the end of a slot and returns what the meter counted in it, Wh."""
    before = household.first_reading().registers.net_wh
    ends = [event for event in household.advance((slot + 1) * SLOT_MS) if isinstance(event, SlotEnd)]
    return ends[-1].registers.net_wh - (ends[-2].registers.net_wh if len(ends) > 1 else before)


watts = st.integers(0, 8_000)
ratings = st.builds(
    BatteryRating.of_capacity, st.integers(5, 12_000), st.integers(1, 6_000), st.sampled_from([1000, 1000, 930, 1])
)


@st.composite
def set_points(draw: st.DrawFn) -> SetPoint:
    """Any set point for one of the first slots."""
    mode = draw(st.sampled_from(["self", "power", "follow"]))
    limit = draw(st.none() | st.integers(0, 6_000))
    fields: dict[str, object] = {"sequence": 0, "slot": draw(st.integers(0, 3)), "mode": mode, "export_limit_w": limit}
    if mode == "power":
        fields["power_w"] = draw(st.integers(-6_000, 6_000))
    if mode == "follow":
        fields["grid_wh"] = draw(st.integers(-2_000, 2_000))
    return SetPoint.model_validate(fields)
