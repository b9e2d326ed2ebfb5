"""The flow that costs a home least under a signal: (6.14), exactly."""

from __future__ import annotations

import numpy as np

from clients.household.response.homes import Homes, Vector


def best_response(homes: Homes, signal_neur_per_wh: Vector) -> Vector:
    """The flow of each home that minimises (6.10), its costs (6.11) and the signal times the flow, in Wh.

    ``signal_neur_per_wh`` has one value a home: that of its PCC. The costs are two parabolas of the same curvature,
    which meet at the market commitment, where the price changes from P_f to P_u (6.5). The vertex under P_u is never
    right of that under P_f. Hence there are three cases: right of the commitment the vertex under P_u counts; left of
    it the one under P_f; and the kink itself is the minimum if it lies between them. All three are one clip. The
    limits are a second one, since the costs are convex.
    """
    curvature = homes.curvature
    pull = (
        2.0 * homes.cost_quadratic * (homes.net_load_wh - homes.planned_battery_wh)
        + homes.cost_linear
        + 2.0 * homes.reward_quadratic * homes.committed_wh
        - signal_neur_per_wh
    )
    # A home without curvature has a single flow that is allowed; the last clip finds it from anywhere.
    divisor = np.where(curvature > 0, curvature, 1.0)
    buying = (pull - homes.supplier_price_neur_per_wh) / divisor
    selling = (pull - homes.feed_in_tariff_neur_per_wh) / divisor
    unlimited = np.minimum(np.maximum(homes.market_wh, buying), selling)
    return np.minimum(np.maximum(unlimited, homes.lowest_wh), homes.highest_wh)
