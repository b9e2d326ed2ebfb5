"""What a home's hybrid inverter does in the rest of a slot, worked out at once instead of by ticks.

Load and PV are constant over a slot, so every mode leads to at most two stretches of constant power: up to the
moment at which the battery reaches a limit, and after it.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.battery import Battery
from wire.mqtt import SetPoint


class Stretch(NamedTuple):
    """A time of constant power: its length, and the energy that the battery gives and that PV throws away in it."""

    duration_ms: int
    battery_mj: int
    curtailed_mj: int

    def part(self, duration_ms: int) -> Stretch:
        """The first ``duration_ms`` of the stretch, energies rounded towards zero."""
        return Stretch(
            duration_ms,
            _share(self.battery_mj, duration_ms, self.duration_ms),
            _share(self.curtailed_mj, duration_ms, self.duration_ms),
        )

    def rest(self, part: Stretch) -> Stretch:
        """What is left after ``part``: nothing is lost between the two."""
        return Stretch(
            self.duration_ms - part.duration_ms,
            self.battery_mj - part.battery_mj,
            self.curtailed_mj - part.curtailed_mj,
        )


def plan(
    set_point: SetPoint | None, load_w: int, pv_w: int, battery: Battery | None, left_ms: int, wanted_grid_mj: int
) -> list[Stretch]:
    """Plans the ``left_ms`` that remain of a slot under its set point (None: self-consumption).

    ``wanted_grid_mj``: for mode ``follow``, the grid flow still wanted in this slot, positive = import. Power and
    state-of-charge limits always hold, the export limit whenever PV and battery can be held back enough.
    """
    if left_ms <= 0:
        return []
    limit_mj = None
    if set_point is not None and set_point.export_limit_w is not None:
        limit_mj = set_point.export_limit_w * left_ms
    need_mj = (load_w - pv_w) * left_ms
    if battery is None:
        return [_curtail(Stretch(left_ms, 0, 0), need_mj, pv_w * left_ms, limit_mj)]
    follow = set_point is not None and set_point.mode == "follow"
    wanted_mj = need_mj
    if set_point is not None and set_point.mode == "power":
        wanted_mj = (set_point.power_w or 0) * left_ms
    elif follow:
        wanted_mj = need_mj - wanted_grid_mj
    rated_mj = battery.rating.power_w * left_ms
    wanted_mj = max(-rated_mj, min(rated_mj, wanted_mj))
    if limit_mj is not None and wanted_mj > 0:
        wanted_mj = min(wanted_mj, max(0, need_mj + limit_mj))
    possible_mj = max(-battery.chargeable_mj(), min(battery.dischargeable_mj(), wanted_mj))
    if follow or possible_mj == wanted_mj:
        return [_curtail(Stretch(left_ms, possible_mj, 0), need_mj, pv_w * left_ms, limit_mj)]
    active_ms = -(-abs(possible_mj) * left_ms // abs(wanted_mj))
    stretches = [Stretch(active_ms, possible_mj, 0), Stretch(left_ms - active_ms, 0, 0)]
    return [
        _curtail(
            stretch,
            _share(need_mj, stretch.duration_ms, left_ms),
            pv_w * stretch.duration_ms,
            None if limit_mj is None else _share(limit_mj, stretch.duration_ms, left_ms),
        )
        for stretch in stretches
        if stretch.duration_ms > 0
    ]


def _curtail(stretch: Stretch, need_mj: int, pv_mj: int, limit_mj: int | None) -> Stretch:
    """Throws away as much PV as it takes to keep feed-in within its limit."""
    if limit_mj is None:
        return stretch
    excess_mj = stretch.battery_mj - need_mj - limit_mj
    return stretch._replace(curtailed_mj=max(0, min(pv_mj, excess_mj)))


def _share(energy_mj: int, part_ms: int, whole_ms: int) -> int:
    """``energy_mj * part_ms / whole_ms`` rounded towards zero."""
    share = abs(energy_mj) * part_ms // whole_ms
    return share if energy_mj >= 0 else -share
