"""A battery's day while it goes by: what is left of its cycle, and where it has to end."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clients.household.planner.battery import Battery


@dataclass(frozen=True)
class BatteryDay:
    """The rolling horizon of thesis 4.5.1: plans reach to the day's end, where e_T = e_0 of the day's beginning.

    ``moved_wh``: what has flowed in and out since then, which counts against the day's throughput.
    """

    start_energy_wh: float
    moved_wh: float = 0.0

    def rest(self, battery: Battery, energy_wh: float) -> Battery:
        """``battery``, as it is for a whole day, for a plan of the day's rest; it holds ``energy_wh`` now."""
        left = None if battery.max_throughput_wh is None else max(0.0, battery.max_throughput_wh - self.moved_wh)
        start = replace(battery, energy_wh=self.start_energy_wh)
        return replace(battery, energy_wh=energy_wh, end_energy_wh=start.target_wh, max_throughput_wh=left)

    def after(self, battery_wh: float) -> BatteryDay:
        """The day after a slot in which so much flowed (positive = discharge)."""
        return replace(self, moved_wh=self.moved_wh + abs(battery_wh))
