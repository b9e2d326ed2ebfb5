"""Plans' files as plain data, made at random or by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from clients.household.planner.plan_file import PlanFile
from clients.household.planner.problem import Problem

File = dict[str, Any]


def problem_of(file: File) -> Problem:
    """The problem that a file describes."""
    return PlanFile.model_validate(file).problem()


def plain(**changes: Any) -> File:
    """Four hours: a cheap one, a sunny one, two dear ones; a battery of 6 kWh at half."""
    file: File = {
        "slot_seconds": 3600,
        "grid_limit_w": 9000,
        "load_wh": [500, 500, 2000, 1500],
        "pv_wh": [0, 3000, 0, 0],
        "buy_price_neur_per_wh": [150_000, 150_000, 450_000, 450_000],
        "sell_price_neur_per_wh": [60_000] * 4,
        "battery": battery(),
    }
    return file | changes


def battery(**changes: Any) -> File:
    """A battery of 6 kWh at half, of the thesis's band, and 3 kW."""
    return {"capacity_wh": 6000, "energy_wh": 3000, "min_soc": 0.2, "max_soc": 0.8, "power_w": 3000} | changes


def random_file(random: np.random.Generator, slots: int) -> File:
    """A home: any load, perhaps PV, tariffs of a few kinds, a battery that may start and have to end anywhere."""
    hours = float(random.choice([1 / 6, 1 / 4, 1 / 2, 1.0]))
    load_w = random.gamma(1.5, 300.0, slots)
    bell = np.maximum(0.0, np.sin(np.linspace(-0.6, np.pi + 0.6, slots)))
    pv_w = bell * random.uniform(0, 9000) * random.uniform(0.3, 1.0, slots) * random.integers(0, 2)
    file: File = {
        "slot_seconds": 3600 * hours,
        # Now and then less than what is needed or produced.
        "grid_limit_w": float(random.choice([1500.0, 3000.0, 6000.0, 9000.0, 12000.0])),
        "load_wh": (load_w * hours).tolist(),
        "pv_wh": (pv_w * hours).tolist(),
        "buy_price_neur_per_wh": _prices(random, slots, 150_000.0, 450_000.0),
        # Below every price to buy at, or crossing some of them; never above the one of the same slot.
        "sell_price_neur_per_wh": _prices(random, slots, 0.0, float(random.choice([150_000.0, 300_000.0]))),
    }
    file["sell_price_neur_per_wh"] = np.minimum(file["sell_price_neur_per_wh"], file["buy_price_neur_per_wh"]).tolist()
    if random.random() < 0.9:
        file["battery"] = random_battery(random)
    return file


def random_battery(random: np.random.Generator) -> File:
    """Any battery; most keep to the thesis's band and end where they began."""
    capacity = float(random.choice([3000.0, 6000.0, 9000.0]))
    low, high = (0.2, 0.8) if random.random() < 0.7 else np.sort(random.uniform(0, 1, 2)).tolist()
    found = battery(
        capacity_wh=capacity,
        energy_wh=capacity * random.uniform(low, high),
        min_soc=low,
        max_soc=high,
        power_w=float(random.uniform(300, 5000)),
    )
    if random.random() < 0.3:
        found["end_energy_wh"] = capacity * random.uniform(low, high)
    if random.random() < 0.5:
        found["max_cycles"] = float(random.uniform(0.0, 1.5))
    return found


def _prices(random: np.random.Generator, slots: int, low: float, high: float) -> list[float]:
    kind = random.integers(0, 3)
    if kind == 0:
        return [float(random.uniform(low, high))] * slots
    if kind == 1:
        change = slots * 17 // 24
        return [low] * change + [high] * (slots - change)
    return random.uniform(low, high, slots).tolist()  # type: ignore[no-any-return]  # numpy's tolist is Any
