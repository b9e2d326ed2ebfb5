"""A home of a study on one day."""

from __future__ import annotations

from dataclasses import dataclass

from clients.household.planner.battery import Battery
from studies.arrays import Real


@dataclass(frozen=True, eq=False)
class Home:
    """What a home takes and makes in each slot of the day (Wh, (slots,)), and what it believed of that before.

    ``battery`` is as the day begins, None without. ``margin_permille``: how far its limit prices are from the
    supplier's (thesis 4.6.1). ``trades``: whether it is in the market at all.
    """

    id: str
    load_wh: Real
    pv_wh: Real
    expected_load_wh: Real
    expected_pv_wh: Real
    battery: Battery | None
    margin_permille: int
    trades: bool = True

    @property
    def gap_wh(self) -> Real:
        """r: load less PV (6.1)."""
        return self.load_wh - self.pv_wh

    @property
    def expected_gap_wh(self) -> Real:
        """What r was believed to be."""
        return self.expected_load_wh - self.expected_pv_wh
