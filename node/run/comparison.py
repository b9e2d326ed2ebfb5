"""Each home's day beside the same day without the market, and why it may have cost more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from clients.common.slots import SLOTS_PER_DAY
from emulator.device import EmulatedDevice
from emulator.homes import Home
from emulator.shadow import shadow
from node.run.daylog import HomeDay
from node.run.genesis import TARIFF_BUY_NEUR_PER_WH, TARIFF_SELL_NEUR_PER_WH
from node.run.timing import Timing


class WithoutMarket(NamedTuple):
    """A home's day with self-consumption and the supplier alone; ``flows_wh`` is what its meter shows, slot by slot."""

    bill_neur: int
    battery_end_wh: int
    devices_end_wh: int
    flows_wh: tuple[int, ...]


def bill_neur(flows_wh: list[int], first_slot: int) -> int:
    """What the supplier charges for net flows, less what it pays for those fed in (P_u and P_f of 6.5).

    ``flows_wh`` are of consecutive slots from ``first_slot`` on.
    """
    return sum(
        flow * (TARIFF_BUY_NEUR_PER_WH if flow >= 0 else TARIFF_SELL_NEUR_PER_WH)[slot % SLOTS_PER_DAY]
        for slot, flow in enumerate(flows_wh, first_slot)
    )


def without_market(home: Home, timing: Timing, devices: Sequence[EmulatedDevice[Any]] = ()) -> WithoutMarket:
    """The reported slots, from the same battery at the run's first slot; ``devices`` are moved on, left to themselves.

    They count the run's first slot as 0.
    """
    lead = timing.from_slot - timing.first_slot
    lived = shadow(home, lead + timing.slots, timing.day_slot - timing.first_slot, devices)
    flows = [flow.net_wh for flow in lived.flows[lead:]]
    held_wh = sum(device.held_wh for device in devices)
    return WithoutMarket(bill_neur(flows, timing.from_slot), lived.battery_end_wh, held_wh, tuple(flows))


def why_higher(day: HomeDay, more_neur: int, stored_wh: int, devices_wh: int = 0) -> str:
    """The reasons for a bill that is ``more_neur`` above the one without the market, largest first.

    ``stored_wh``: how much more the battery holds at the end of the day than without the market; ``devices_wh``: car
    and heat store.
    """
    average_neur_per_wh = sum(TARIFF_BUY_NEUR_PER_WH) // SLOTS_PER_DAY
    reasons = []
    if stored_wh > 0:
        reasons.append((stored_wh * average_neur_per_wh, f"its battery ends the day with {stored_wh} Wh more"))
    if devices_wh > 0:
        reasons.append((devices_wh * average_neur_per_wh, f"its car or heat store ends it with {devices_wh} Wh more"))
    if day.reward_neur < 0:
        reasons.append((-day.reward_neur, f"deviations from its plan were charged {-day.reward_neur / 1e9:.3f} €"))
    traded = day.bought_wh + day.sold_wh
    if traded:
        reasons.append(
            (1, f"it contracted {traded} Wh on forecasts and traded what came otherwise with the supplier at a loss")
        )
    reasons.sort(key=lambda reason: -reason[0])
    return f"{more_neur / 1e9:.3f} € more: " + "; ".join(text for _, text in reasons)
