"""A few homes on one day."""

from __future__ import annotations

from clients.household.planner.planner import Planner
from studies.arrays import SLOTS, Real
from studies.equipment import ideal_battery
from studies.home import Home
from studies.neighbourhood import Neighbourhood
from studies.prices import terms_of
from studies.profiles import Profiles, sun_wh_per_kwp

SUN = "03-31"
KWP = (4.0, 0.0, 0.0, 5.0, 0.0, 3.0)
BATTERY_WH = (6000, 6000, 0, 3000, 9000, 0)


def homes(day: int = 0) -> list[Home]:
    """Six homes: panels and batteries in every combination."""
    profiles, sun = Profiles(3, len(KWP), 2), sun_wh_per_kwp(SUN)
    return [
        Home(
            id=f"home{number}",
            load_wh=profiles.load_wh(number, day),
            pv_wh=sun * kwp,
            expected_load_wh=profiles.load_wh(number, day),
            expected_pv_wh=sun * kwp,
            battery=ideal_battery(capacity) if capacity else None,
            margin_permille=30 * number,
        )
        for number, (kwp, capacity) in enumerate(zip(KWP, BATTERY_WH, strict=True))
    ]


def neighbourhood(of: list[Home] | None = None, draw: int = 0) -> Neighbourhood:
    """These homes under chapter 4's prices."""
    return Neighbourhood(homes() if of is None else of, terms_of(sun(), 45, 2), Planner(), draw=draw)


def sun() -> Real:
    """A kWp's day."""
    found = sun_wh_per_kwp(SUN)
    assert len(found) == SLOTS
    return found
