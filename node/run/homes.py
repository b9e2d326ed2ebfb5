"""The homes of a run: those of a chapter of the thesis, of the built-in year, or of a user's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from emulator.homes import Home, neighbourhood
from emulator.scenario import homes_of
from node.run.scenario import GridPlan

MAX_HOMES: Final = 1_000
# What the signing service believes of a slot: 60 kW on average.
MAX_FLOW_WH: Final = 10_000
_SLOTS_AN_HOUR: Final = 6
_BUILT_IN: Final = 33


def homes_lived(
    day: str, homes: int | None = None, data: Path | None = None, plan: GridPlan | None = None
) -> list[Home]:
    """The first ``homes`` homes on a day (MM-DD); by default 33, or all of ``data``, a folder of own CSV files.

    Raises: ValueError naming the option, DataError with all faults of the files.
    """
    if plan is not None:
        if data is not None:
            raise ValueError(f"data = {data}: a scenario has homes of its own; leave out --data or --scenario")
        return homes_of(plan.scenario, day)
    if data is None:
        return neighbourhood(_BUILT_IN if homes is None else homes, day)
    found = neighbourhood(homes, day, data)
    if not 2 <= len(found) <= MAX_HOMES:
        raise ValueError(f"data = {data}: {len(found)} homes; a run has 2 to {MAX_HOMES}, so add some, or give --homes")
    too_strong = [home.id for home in found if _most_w(home) > MAX_FLOW_WH * _SLOTS_AN_HOUR]
    if too_strong:
        raise ValueError(
            f"data = {data}: {', '.join(too_strong)} could have more than {MAX_FLOW_WH} Wh in a slot, which the "
            "signing service believes of nobody; keep load and PV, each with the battery's power added, to "
            f"{MAX_FLOW_WH * _SLOTS_AN_HOUR} W"
        )
    return found


def _most_w(home: Home) -> int:
    """What may flow at most, either way; flexible devices not counted."""
    battery_w = home.battery.power_w if home.battery is not None else 0
    return int(max(home.load_w.max(), home.pv_w.max())) + battery_w
