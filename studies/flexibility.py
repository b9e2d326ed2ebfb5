"""What homes bring into real-time control in chapter 6: stores beyond the market's share, costs and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clients.household.response.homes import Homes
from clients.household.terms import Terms
from studies.arrays import SLOTS, Real
from studies.batteries import Batteries
from studies.day import Commitments
from studies.home import Home
from studies.planning import GRID_LIMIT_W

# Thesis 6.6.2: control may use 10 to 90 % of a battery; homes without one have loads of 1 kWh that can wait or come
# early. The latter's power isn't told.
MIN_SOC, MAX_SOC = 0.1, 0.9
LOADS_WH, LOADS_W = 1000.0, 2000.0


@dataclass(frozen=True)
class Costs:
    """What leaving the plan costs, neur/Wh²: none of it is in the thesis.

    ``battery`` is a of (6.3), 500 Wh more or less in a slot costing 2.5 cent, 5 cent a kWh; ``loads`` the same of loads
    that move. ``reward`` is a_r of (6.6), that of our genesis. b of (6.3) is 0 for loads, as in the thesis; for
    batteries it is what the energy is worth that goes, half way between buying and feeding in: with 0 a home would
    empty its battery in any slot, since what it gives would be free.
    """

    battery: float = 100.0
    loads: float = 200.0
    reward: float = 10.0


class Flexibility:
    """The homes of a day."""

    def __init__(self, homes: Sequence[Home], terms: Terms, sun_wh: Real, costs: Costs) -> None:
        self._costs = costs
        self._terms = terms
        self.has_battery = np.array([home.battery is not None for home in homes])
        capacity = np.array([home.battery.capacity_wh if home.battery else 0.0 for home in homes])
        total = float(sun_wh.sum())
        share = sun_wh / total if total else np.full(SLOTS, 1 / SLOTS)
        # An extra cycle a day, dealt out to slots as the sun is forecast (6.4.3); loads that move have no cycles.
        self._cycle_wh = np.where(self.has_battery, 2 * capacity * share[:, None], np.inf)

    def stores(self, homes: Sequence[Home]) -> Batteries:
        """Batteries with the limits of control, and loads as small batteries that are empty at midnight."""
        stores = Batteries(homes)
        capacity = np.array([home.battery.capacity_wh if home.battery else 0.0 for home in homes])
        stores.has = np.ones(len(homes), bool)
        stores.min_wh = np.where(self.has_battery, MIN_SOC * capacity, 0.0)
        stores.max_wh = np.where(self.has_battery, MAX_SOC * capacity, LOADS_WH)
        stores.slot_wh = np.where(self.has_battery, stores.slot_wh, LOADS_W / 6)
        return stores

    def in_slot(self, agreed: Commitments, stores: Batteries) -> Homes:
        """What homes know and can in a slot, for their best responses (6.14)."""
        slot, homes = agreed.slot, len(agreed.net_load_wh)
        buy, sell = float(self._terms.buy_price(slot)), float(self._terms.sell_price(slot))
        planned = stores.possible_wh(agreed.battery_wh)
        least = np.maximum(stores.possible_wh(np.full(homes, -np.inf)), planned - self._cycle_wh[slot])
        most = np.minimum(stores.possible_wh(np.full(homes, np.inf)), planned + self._cycle_wh[slot])
        connection_wh = np.full(homes, GRID_LIMIT_W / 6)
        # Nothing that a store can't mend breaks a connection: its limit is then what is left.
        connection_wh = np.maximum(connection_wh, agreed.net_load_wh - most)
        connection_wh = np.maximum(connection_wh, least - agreed.net_load_wh)
        return Homes(
            net_load_wh=agreed.net_load_wh,
            planned_battery_wh=planned,
            market_wh=agreed.market_wh.astype(np.float64),
            committed_wh=agreed.committed_wh.astype(np.float64),
            battery_min_wh=least,
            battery_max_wh=most,
            cost_quadratic=np.where(self.has_battery, self._costs.battery, self._costs.loads),
            cost_linear=np.where(self.has_battery, (buy + sell) / 2, 0.0),
            reward_quadratic=np.full(homes, self._costs.reward),
            supplier_price_neur_per_wh=np.full(homes, buy),
            feed_in_tariff_neur_per_wh=np.full(homes, sell),
            max_grid_wh=connection_wh,
        )
