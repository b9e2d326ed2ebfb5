"""The homes of the neighbourhood: what stands in each, and its year of load and PV.

33 homes on the thesis's network (4.6.1): 8 plain, 8 with a battery, 17 with PV and battery. Their ids, buses and
phases are the loads of that network; PV stands where the network has a generator on the same bus and phase.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from emulator.battery import BatteryRating
from emulator.dataset import Dataset, HomeRow, builtin
from emulator.units import SLOTS_A_DAY
from wire.mqtt import HomeKind

DEFAULT_DAY = "06-15"
"""A sunny Friday in a row of sunny days (6.5 kWh per kWp, the second best day of the year), so that there is a
surplus to trade from morning to evening and yesterday is a fair forecast."""
MAX_HOMES = 10_000

Watts = npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Home:
    """A home. ``load_w`` and ``pv_w``: mean power of each ten-minute slot, index 0 = midnight of the chosen day;
    they wrap around at the end of the data, so that index -1 is the slot before that midnight."""

    id: str
    kind: HomeKind
    bus: int
    phase: int
    meter: str
    load_w: Watts
    pv_w: Watts
    pv_wp: int
    battery: BatteryRating | None

    def load_at(self, data_slot: int) -> int:
        """Load in a slot counted from the chosen day's midnight, W."""
        return int(self.load_w[data_slot % len(self.load_w)])

    def pv_at(self, data_slot: int) -> int:
        """PV on offer in a slot counted from the chosen day's midnight, W."""
        return int(self.pv_w[data_slot % len(self.pv_w)])


def neighbourhood(
    homes: int | None = 33,
    day: str = DEFAULT_DAY,
    data: Path | None = None,
    battery_wh: int | None = None,
) -> list[Home]:
    """The first ``homes`` homes, with their profiles turned so that index 0 is midnight of ``day`` (MM-DD).

    Any number of homes has the mix of the whole as nearly as its size allows. Beyond the homes of the data, they
    are repeated with new ids and the load of other weeks: the first repetition one week later, the second one
    earlier, and so on. None: those of the data, each once.
    ``data``: a folder of own CSV files (docs/emulator.md) instead of the built-in year;
    ``battery_wh``: another size for every battery (the thesis: 3, 6, 9 kWh). Raises ValueError naming the argument,
    and DataError for own files.
    """
    if homes is not None and not 1 <= homes <= MAX_HOMES:
        raise ValueError(f"homes is {homes}; give 1 to {MAX_HOMES}")
    if battery_wh is not None and battery_wh < 5:
        raise ValueError(f"battery_wh is {battery_wh}; give 5 or more, such as 6000")
    dataset = Dataset.read(data) if data else builtin()
    day_index = dataset.day_index(day)
    rows = mixed_order(dataset.homes)
    return [
        _home(dataset, rows[i % len(rows)], i // len(rows), day_index, battery_wh) for i in range(homes or len(rows))
    ]


def mixed_order(rows: tuple[HomeRow, ...]) -> list[HomeRow]:
    """The homes in an order of which every beginning has the kinds in about the proportion of the whole."""
    total = Counter(row.kind for row in rows)
    left = {kind: [row for row in rows if row.kind == kind] for kind in sorted(total)}
    taken: Counter[str] = Counter()
    order: list[HomeRow] = []
    while len(order) < len(rows):
        step = len(order) + 1
        kind = max((k for k in left if left[k]), key=lambda k: (total[k] * step - taken[k] * len(rows), k))
        taken[kind] += 1
        order.append(left[kind].pop(0))
    return order


def _home(dataset: Dataset, row: HomeRow, repetition: int, day_index: int, battery_wh: int | None) -> Home:
    weeks = (repetition + 1) // 2 * (1 if repetition % 2 else -1)
    home_id = row.id if repetition == 0 else f"{row.id}-{repetition + 1}"
    load_w = dataset.load_w[row.id]
    if row.pv_wp:
        curve = dataset.pv_w_per_kwp[row.pv_curve].astype(np.uint32)
        pv_w = np.minimum(curve * row.pv_wp // 1000, 65_535).astype(np.uint16)
    else:
        pv_w = np.zeros_like(load_w)
    battery = None
    if row.battery_wh:
        battery = BatteryRating.of_capacity(
            battery_wh or row.battery_wh, row.battery_w, row.battery_efficiency_permille
        )
    return Home(
        id=home_id,
        kind=cast(HomeKind, row.kind),
        bus=row.bus,
        phase=row.phase,
        meter=f"VDG-{home_id}",
        load_w=np.roll(load_w, -(day_index + 7 * weeks) * SLOTS_A_DAY),
        pv_w=np.roll(pv_w, -day_index * SLOTS_A_DAY),
        pv_wp=row.pv_wp,
        battery=battery,
    )
