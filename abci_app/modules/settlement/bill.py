"""A household's slot while it is settled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bill:
    """What a household's slot comes to while it is worked out; amounts as in HouseholdSettlement."""

    account: bytes
    flow_wh: int
    planned_supplier_wh: int
    bought_wh: int = 0
    sold_wh: int = 0
    contracts_neur: int = 0
    deviation_neur: int = 0
    rebate_neur: int = 0
    reward_neur: int = 0
    debt_neur: int = 0

    @property
    def market_wh(self) -> int:
        """x_m: bought less sold under settled contracts."""
        return self.bought_wh - self.sold_wh

    @property
    def planned_wh(self) -> int:
        """x_hat of (6.1)."""
        return self.market_wh + self.planned_supplier_wh
