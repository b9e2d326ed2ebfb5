"""What a home has on the chain, as far as its agent knows: contracts, orders, availability, debts, bill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from wire.market import Contract, Side
from wire.settlement import HouseholdSettlement


class LiveOrder(NamedTuple):
    """An order in an open book, as sent (Wh, neur per Wh)."""

    side: Side
    energy_wh: int
    price_neur_per_wh: int

    @property
    def escrow_neur(self) -> int:
        """What a bid sets aside."""
        return self.energy_wh * self.price_neur_per_wh if self.side is Side.SIDE_BID else 0


class Bill(NamedTuple):
    """Sums over settled slots. ``total_neur`` is what the home paid less what it received."""

    slots: int = 0
    total_neur: int = 0
    bought_wh: int = 0
    sold_wh: int = 0
    rebate_neur: int = 0
    reward_neur: int = 0

    def plus(self, settled: HouseholdSettlement) -> Bill:
        """With one more slot."""
        received = settled.contracts_neur + settled.deviation_neur + settled.rebate_neur + settled.reward_neur
        return Bill(
            self.slots + 1,
            self.total_neur - received,
            self.bought_wh + settled.bought_wh,
            self.sold_wh + settled.sold_wh,
            self.rebate_neur + settled.rebate_neur,
            self.reward_neur + settled.reward_neur,
        )


@dataclass
class Account:
    """One home's account. Orders by (product, slot), the rest by slot.

    ``under_way``: books for which a transaction has no result yet. ``capacity_wh``: the most that registered devices
    deliver in a slot. ``budget_neur``: set when money ran short. ``suspended``: why the chain takes nothing from this
    account.
    """

    address: bytes
    contracts: dict[str, tuple[int, int]] = field(default_factory=dict)
    orders: dict[tuple[str, int], LiveOrder] = field(default_factory=dict)
    declared_wh: dict[int, int] = field(default_factory=dict)
    supplier_flow_wh: dict[int, int] = field(default_factory=dict)
    debts: dict[tuple[bytes, str], int] = field(default_factory=dict)
    under_way: set[tuple[str, int]] = field(default_factory=set)
    capacity_wh: int = 0
    budget_neur: int | None = None
    suspended: str = ""
    bill: Bill = field(default_factory=Bill)
    settled_slots: set[int] = field(default_factory=set)
    _positions: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add_contract(self, contract: Contract) -> bool:
        """Count a contract once, however often it is told; returns whether it is new and this account's."""
        if contract.contract_id in self.contracts or self.address not in (contract.buyer, contract.seller):
            return False
        signed = contract.energy_wh if contract.buyer == self.address else -contract.energy_wh
        self.contracts[contract.contract_id] = (contract.slot, signed)
        bought, sold = self._positions.get(contract.slot, (0, 0))
        self._positions[contract.slot] = (bought + max(signed, 0), sold + max(-signed, 0))
        return True

    def position_wh(self, slot: int) -> int:
        """x_m as far as contracted: bought less sold."""
        bought, sold = self._positions.get(slot, (0, 0))
        return bought - sold

    def contracted_wh(self, slot: int, side: Side) -> int:
        """What contracts of one side come to."""
        bought, sold = self._positions.get(slot, (0, 0))
        return bought if side is Side.SIDE_BID else sold

    def settle(self, settled: HouseholdSettlement) -> bool:
        """Add a slot to the bill, once; returns whether it was new."""
        if settled.slot in self.settled_slots or settled.account != self.address:
            return False
        self.settled_slots.add(settled.slot)
        self.bill = self.bill.plus(settled)
        return True

    def forget_before(self, slot: int) -> None:
        """Drop what concerns slots that are long over."""
        for by_slot in (self.declared_wh, self.supplier_flow_wh, self._positions):
            for old in [s for s in by_slot if s < slot]:
                del by_slot[old]
        self.settled_slots = {s for s in self.settled_slots if s >= slot}
        for contract_id in [name for name, (s, _) in self.contracts.items() if s < slot]:
            del self.contracts[contract_id]
        for key in [key for key in self.orders if key[1] < slot]:
            del self.orders[key]
