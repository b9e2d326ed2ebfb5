"""Why slots with contracts ended off their commitment: by what inverters counted and what the chain's blocks show."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from clients.common.slots import SLOTS_PER_HOUR
from emulator.battery import BatteryRating, BatteryRecord
from emulator.units import MJ_PER_WH
from node.run.part import Part
from node.run.stages import Made
from node.run.timing import Timing
from wire.settlement import HouseholdSettlement

# Wh by which a slot counts as ended where it should: a meter's whole Wh, and the inverter's own rounding.
NEAR_WH = 5
_PERMILLE = 1000


class MissedReport(Part):
    """A home's settled slots with contracts whose meter ended more than 5 Wh off x_hat, each in the first that fits."""

    at_a_limit: int = Field(
        default=0,
        description="the battery gave or took all that its energy and power allow, its inverter was off for too high a "
        "voltage, or there is no battery; and the home has no flexible device",
    )
    devices: int = Field(
        default=0,
        description="the same in a home with flexible devices, which have steps of power, a departure, a comfort band: "
        "whether they could have done more is not judged",
    )
    controlled: int = Field(default=0, description="a session of real-time control asked for something else")
    late: int = Field(
        default=0,
        description="the set point came when the slot ran, the chain refused a transaction of the home as too late "
        "at most two slots before or one after, or no block was left to declare around its last contract",
    )
    by_choice: int = Field(default=0, description="by the plain rule, whose batteries follow contracts alone")
    otherwise: int = Field(default=0, description="for none of these reasons")


class Missed(NamedTuple):
    """A slot that ended ``off_wh`` off its commitment: positive, more was taken than committed."""

    slot: int
    off_wh: int


class Seen(NamedTuple):
    """What a run knows about a home's slots.

    ``told``: the emulator's lines by slot. ``controlled``: slots with a session; ``late``: slots for which the chain
    shows that something came too late. ``room_permille``: of a battery's capacity, what homes keep free for control.
    """

    home: str
    battery: BatteryRating | None
    has_devices: bool
    is_plain: bool
    told: Mapping[int, Mapping[str, Any]]
    controlled: Collection[int] = ()
    late: Collection[int] = ()
    room_permille: int = 0


def missed_by(done: HouseholdSettlement) -> Missed | None:
    """A settled slot as one that missed its commitment; None where it was met, or nothing was contracted."""
    off_wh = done.flow_wh - done.planned_wh
    if not (done.bought_wh or done.sold_wh) or abs(off_wh) <= NEAR_WH:
        return None
    return Missed(done.slot, off_wh)


def late_on_chain(
    account: bytes,
    slots: Iterable[int],
    made: Iterable[Made],
    refused_s: Iterable[tuple[bytes, float]],
    block_times_s: Sequence[float],
    timing: Timing,
) -> set[int]:
    """The slots of an account for which something came too late.

    ``refused_s``: accounts and block times of transactions that were refused because their time was over.
    ``block_times_s``: of all blocks, in order. The block after a contract's has the time at which that one was decided,
    so the next but one is the first that can hold a declaration which knows of the contract.
    """
    contracted_s = {
        each.contract.slot: each.time_s for each in made if account in (each.contract.buyer, each.contract.seller)
    }
    refused = {timing.slot_at(time_s) for sender, time_s in refused_s if sender == account}
    late = set()
    for slot in slots:
        next_but_one = bisect_right(block_times_s, contracted_s.get(slot, -math.inf)) + 1
        in_time = next_but_one < len(block_times_s) and block_times_s[next_but_one] < timing.slot_start_s(slot)
        if refused.intersection(range(slot - 2, slot + 2)) or (slot in contracted_s and not in_time):
            late.add(slot)
    return late


def missed_report(missed: Iterable[Missed], seen: Seen) -> MissedReport:
    """Each in the first class that fits."""
    return MissedReport(**Counter(_reason(each, seen) for each in missed))


def _reason(missed: Missed, seen: Seen) -> str:
    told = seen.told.get(missed.slot, {})
    if _could_no_more(missed, seen, told):
        return "devices" if seen.has_devices else "at_a_limit"
    if missed.slot in seen.controlled:
        return "controlled"
    if missed.slot in seen.late or told.get("set_late_ms", {}).get(seen.home):
        return "late"
    return "by_choice" if seen.is_plain else "otherwise"


def _could_no_more(missed: Missed, seen: Seen, told: Mapping[str, Any]) -> bool:
    """Whether the battery was at a limit, or couldn't do anything at all."""
    rating = seen.battery
    if rating is None or seen.home in told.get("off", ()):
        return True
    if seen.home not in told.get("batteries_mj", {}):
        return False
    record = BatteryRecord(*told["batteries_mj"][seen.home])
    charged_wh, discharged_wh = record.charged_mj / MJ_PER_WH, record.discharged_mj / MJ_PER_WH
    stored_wh: int = told["stored_wh"][seen.home]
    begun_wh = stored_wh + discharged_wh - charged_wh
    # At the terminals, where the loss of a round trip is still in what is charged.
    charging = _PERMILLE / rating.efficiency_permille
    out_wh = discharged_wh - charged_wh * charging
    power_wh = rating.power_w / SLOTS_PER_HOUR
    if missed.off_wh > 0:
        return out_wh >= min(power_wh, begun_wh - rating.min_wh) - NEAR_WH
    top_wh = rating.max_wh - rating.capacity_wh * seen.room_permille / _PERMILLE
    return -out_wh >= min(power_wh, max(0.0, top_wh - begun_wh) * charging) - NEAR_WH
