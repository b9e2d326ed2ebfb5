"""What a home can do and what it costs it in the rest of a running slot: its part of (6.14), from what it measures."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_HOUR
from clients.household.battery import BatteryLimits
from clients.household.measurements import SoFar
from clients.household.response.best_response import best_response
from clients.household.response.homes import Homes

PERMILLE = 1000


class ControlSettings(Section):
    """How a home takes part in real-time control.

    ``answer``: whether it does. ``cost_quadratic_neur_per_wh2``: a of (6.3), what moving its battery away from the plan
    costs it. ``reserve_permille``: the share of the slot that it counts as lost to the session, so that what it has
    answered can still be done when the last signal has come. ``room_permille``: what the home's plans leave free of its
    battery's capacity, so that it can take something in when it is asked for (thesis 6.2: 1.2 kWh of 9).
    """

    answer: bool = True
    cost_quadratic_neur_per_wh2: Annotated[float, Field(ge=0.001, le=1_000_000)] = 10.0
    reserve_permille: Annotated[int, Field(ge=0, le=900)] = 150
    room_permille: Annotated[int, Field(ge=0, le=1_000)] = 0


class SlotPrices(NamedTuple):
    """P_u and P_f of (6.5) in a slot, and a_r of (6.6), as the grid has them."""

    supplier_neur_per_wh: int
    feed_in_neur_per_wh: int
    reward_neur_per_wh2: int


class Commitment(NamedTuple):
    """x_m and x-hat of (6.1): what is contracted with neighbours, and all that is committed (Wh)."""

    market_wh: int
    all_wh: int


def own_slot(
    so_far: SoFar,
    battery: BatteryLimits,
    throughput_left_wh: float,
    commitment: Commitment,
    prices: SlotPrices,
    settings: ControlSettings,
    max_grid_wh: int,
) -> Homes | None:
    """The home as its best response takes it; None where its connection can't take what its battery leaves over.

    Load and PV are taken to stay as they are. The battery's flow of the whole slot is what it has been (6.22b), and
    what power, energy and the day's cycles let it be from now on, less the time that the session may take.
    """
    left = 1.0 - so_far.share
    usable = max(0.0, left - settings.reserve_permille / PERMILLE)
    net_load_wh = so_far.load_wh - so_far.pv_wh + (so_far.load_w - so_far.pv_w) * left / SLOTS_PER_HOUR
    flowed_wh = so_far.load_wh - so_far.pv_wh - so_far.grid_wh
    energy_wh, cycles_wh = round(so_far.battery_wh), max(0.0, throughput_left_wh - abs(flowed_wh))
    out_wh = min(cycles_wh, battery.reachable_wh(energy_wh, battery.slot_wh, usable))
    in_wh = min(cycles_wh, -battery.reachable_wh(energy_wh, -battery.slot_wh, usable))
    homes = Homes(
        net_load_wh=np.array([net_load_wh]),
        planned_battery_wh=np.array([net_load_wh - commitment.all_wh]),
        market_wh=np.array([float(commitment.market_wh)]),
        committed_wh=np.array([float(commitment.all_wh)]),
        battery_min_wh=np.array([flowed_wh - in_wh]),
        battery_max_wh=np.array([flowed_wh + out_wh]),
        cost_quadratic=np.array([settings.cost_quadratic_neur_per_wh2]),
        cost_linear=np.array([_worth_neur_per_wh(commitment, prices)]),
        reward_quadratic=np.array([float(prices.reward_neur_per_wh2)]),
        supplier_price_neur_per_wh=np.array([float(prices.supplier_neur_per_wh)]),
        feed_in_tariff_neur_per_wh=np.array([float(prices.feed_in_neur_per_wh)]),
        max_grid_wh=np.array([float(max_grid_wh)]),
    )
    return homes if homes.lowest_wh[0] <= homes.highest_wh[0] else None


def answer_wh(homes: Homes, signal_neur_per_wh: int) -> int:
    """The home's net flow of the slot under a signal, in whole Wh as its meter counts them."""
    return round(float(best_response(homes, np.array([float(signal_neur_per_wh)]))[0]))


def _worth_neur_per_wh(commitment: Commitment, prices: SlotPrices) -> float:
    """b of (6.3): what a Wh in the battery is worth at the margin, by the home's own plan.

    A plan that buys from the supplier values stored energy at what it pays there, one that sells to it at what it gets:
    else it would have planned less of it. So without a signal its commitment is what suits it best.
    """
    supplier_wh = commitment.all_wh - commitment.market_wh
    if supplier_wh > 0:
        return float(prices.supplier_neur_per_wh)
    if supplier_wh < 0:
        return float(prices.feed_in_neur_per_wh)
    return (prices.supplier_neur_per_wh + prices.feed_in_neur_per_wh) / 2
