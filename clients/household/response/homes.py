"""What homes bring into a slot of real-time control, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Homes:
    """One value a home in every array, all of the same length; thesis, sections 6.4.1 to 6.4.5.

    Flows are positive from the grid into the home, a battery's are positive when it discharges, so that
    ``flow + battery = net_load`` (6.1). Every home has a flow that its limits allow: ``lowest_wh <= highest_wh``.
    Where these differ, ``curvature`` is above zero.
    """

    net_load_wh: Vector
    """r: load less PV."""
    planned_battery_wh: Vector
    """s-hat: the battery's planned flow."""
    market_wh: Vector
    """x-hat_m: the part of the commitment that was traded with neighbours."""
    committed_wh: Vector
    """x-hat: the whole commitment."""
    battery_min_wh: Vector
    battery_max_wh: Vector
    """The limits (6.2) of the battery's flow, those of power, energy and cycles taken together."""
    cost_quadratic: Vector
    """a of (6.3), neur/Wh²."""
    cost_linear: Vector
    """b of (6.3), neur/Wh."""
    reward_quadratic: Vector
    """a_r of (6.6), neur/Wh²."""
    supplier_price_neur_per_wh: Vector
    """P_u of (6.5)."""
    feed_in_tariff_neur_per_wh: Vector
    """P_f of (6.5), at most P_u."""
    max_grid_wh: Vector
    """The contracted energy of a slot, in either direction (6.9)."""

    @property
    def lowest_wh(self) -> Vector:
        """The least flow that the battery (6.2) and the connection (6.9) allow."""
        return np.maximum(self.net_load_wh - self.battery_max_wh, -self.max_grid_wh)

    @property
    def highest_wh(self) -> Vector:
        """The greatest flow that the battery (6.2) and the connection (6.9) allow."""
        return np.minimum(self.net_load_wh - self.battery_min_wh, self.max_grid_wh)

    @property
    def curvature(self) -> Vector:
        """The second derivative of a home's costs (6.11), neur/Wh²: how strongly convex they are."""
        return 2.0 * (self.cost_quadratic + self.reward_quadratic)

    @property
    def steepest_wh(self) -> Vector:
        """By how much a home lowers its flow at most when the signal rises by 1 neur/Wh, Wh."""
        free = self.highest_wh > self.lowest_wh
        return np.divide(1.0, self.curvature, out=np.zeros_like(self.net_load_wh), where=free)
