"""What homes kept: to what they were committed to, their batteries' limits, and what their devices are there for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from emulator.battery import BatteryRating
from emulator.units import MJ_PER_WH
from node.run.missed import NEAR_WH, MissedReport
from node.run.part import Part
from wire.settlement import HouseholdSettlement


class CommitmentReport(Part):
    """A home's commitments beside its meter, over its settled slots with contracts. Wh; flows positive = import."""

    slots: int = Field(description="settled slots in which the home had contracts")
    contracted_wh: int = Field(description="x_m of those slots, bought less sold, each slot's amount summed")
    committed_wh: int = Field(description="x_hat, with what was declared to the supplier, each slot's amount summed")
    metered_wh: int = Field(description="x, as proved, each slot's amount summed")
    off_contract_wh: int = Field(description="how far the meter ended from x_m, summed: traded with the supplier")
    off_commitment_wh: int = Field(description="how far the meter ended from x_hat, summed: what rewards fall with")
    near: int = Field(description=f"of those slots, in how many the meter ended within {NEAR_WH} Wh of x_hat")
    missed: MissedReport = Field(default=MissedReport(), description="why it did not in the others")


class BatteryReport(Part):
    """What a battery was seen to do in the reported slots, as the battery itself counts."""

    min_wh: int = Field(description="its lower limit")
    max_wh: int = Field(description="its upper limit")
    lowest_wh: int = Field(description="the least that it held, at any moment")
    highest_wh: int = Field(description="the most that it held, at any moment")
    charged_wh: int
    discharged_wh: int
    cycles: float = Field(description="charged and discharged, over twice its capacity; plans keep a day to one")
    slots_both_ways: int = Field(description="slots in which it was charged and discharged, one after the other")
    limits_kept: bool = Field(description="whether it never was outside its limits")


class DeviceReport(Part):
    """What a flexible device has kept since the run began."""

    device: str
    departures: int | None = Field(default=None, description="cars that have left")
    short_wh: int | None = Field(default=None, description="what those still needed then, in all")
    lowest_wh: int | None = Field(default=None, description="the least heat in the store, thermal Wh")
    highest_wh: int | None = Field(default=None, description="the most")
    comfort_min_wh: int | None = Field(default=None, description="the comfort band's lower end")
    comfort_max_wh: int | None = Field(default=None, description="its upper end")
    kept: bool = Field(description="every car had what it needed; the store stayed within the band; true for others")


@dataclass
class Commitments:
    """A home's sums so far."""

    slots: int = 0
    contracted_wh: int = 0
    committed_wh: int = 0
    metered_wh: int = 0
    off_contract_wh: int = 0
    off_commitment_wh: int = 0
    near: int = 0

    def add(self, done: HouseholdSettlement) -> None:
        """A settled slot; those without contracts commit nobody."""
        if not done.bought_wh and not done.sold_wh:
            return
        market_wh = done.bought_wh - done.sold_wh
        off_wh = abs(done.flow_wh - done.planned_wh)
        self.slots += 1
        self.contracted_wh += abs(market_wh)
        self.committed_wh += abs(done.planned_wh)
        self.metered_wh += abs(done.flow_wh)
        self.off_contract_wh += abs(done.flow_wh - market_wh)
        self.off_commitment_wh += off_wh
        self.near += off_wh <= NEAR_WH


def told_slots(emulator_log: Path, slots: range) -> list[dict[str, Any]]:
    """The lines that the emulator printed about slots; none of a line that a crash has cut off."""
    told = []
    for line in emulator_log.read_text().splitlines():
        if line.startswith('{"event": "slot"') and line.endswith("}"):
            summary = json.loads(line)
            if summary["slot"] in slots:
                told.append(summary)
    return told


def battery_report(rating: BatteryRating, home: str, told: Iterable[Mapping[str, Any]]) -> BatteryReport | None:
    """A home's battery over the slots told; None where nothing was."""
    records = [summary["batteries_mj"][home] for summary in told if home in summary.get("batteries_mj", {})]
    if not records:
        return None
    charged, discharged, lowest, highest = zip(*records, strict=True)
    moved_mj = sum(charged) + sum(discharged)
    return BatteryReport(
        min_wh=rating.min_wh,
        max_wh=rating.max_wh,
        lowest_wh=min(lowest) // MJ_PER_WH,
        highest_wh=-(-max(highest) // MJ_PER_WH),
        charged_wh=round(sum(charged) / MJ_PER_WH),
        discharged_wh=round(sum(discharged) / MJ_PER_WH),
        cycles=round(moved_mj / MJ_PER_WH / (2 * rating.capacity_wh), 3),
        slots_both_ways=sum(1 for into, out, *_ in records if into and out),
        limits_kept=rating.min_wh * MJ_PER_WH <= min(lowest) and max(highest) <= rating.max_wh * MJ_PER_WH,
    )


def device_reports(kept: Mapping[str, Mapping[str, int]]) -> list[DeviceReport]:
    """By what the emulator told of a home's devices last."""
    reports = []
    for device, figures in sorted(kept.items()):
        band = figures.get("comfort_min_wh", 0), figures.get("comfort_max_wh", 0)
        within = band[0] <= figures.get("lowest_wh", 0) and figures.get("highest_wh", 0) <= band[1]
        reports.append(DeviceReport(device=device, kept=within and not figures.get("short_wh", 0), **figures))
    return reports
