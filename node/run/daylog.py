"""What the chain says during a run, added up: the source of the live display and of the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from node.run.control_day import ControlDay
from node.run.kept import Commitments
from node.run.missed import Missed, missed_by
from node.run.stages import Made
from node.run.troubles import Troubles
from wire.chain import DueFailed
from wire.control import Phase, PhaseConfirmed
from wire.flowproof import Equivocation, EquivocationRecorded, FlowProved
from wire.ledger import DebtChanged
from wire.market import BookCleared, ContractMade
from wire.results import Code
from wire.settlement import (
    CertificateMinted,
    ContractSettled,
    ContractUnwound,
    HouseholdSettled,
    SlotSettled,
)

_TOO_LATE = (Code.EXPIRED, Code.SLOT_OUT_OF_RANGE, Code.GATE_CLOSED)


@dataclass
class HomeDay:
    """A home's day so far, from its settled slots."""

    bill_neur: int = 0
    bought_wh: int = 0
    sold_wh: int = 0
    import_wh: int = 0
    export_wh: int = 0
    contracts_neur: int = 0
    deviation_neur: int = 0
    rebate_neur: int = 0
    reward_neur: int = 0
    debt_neur: int = 0
    commitments: Commitments = field(default_factory=Commitments)
    missed: list[Missed] = field(default_factory=list)


@dataclass
class SlotDay:
    """A slot so far."""

    traded_wh: int = 0
    verified_wh: int = 0
    paid_neur: int = 0
    received_neur: int = 0
    import_wh: int = 0
    export_wh: int = 0
    settled_time_s: float | None = None
    flows_wh: dict[bytes, int] = field(default_factory=dict)


@dataclass
class ProductDay:
    """What was contracted in a product so far."""

    contracts_made: int = 0
    contracts_settled: int = 0
    traded_wh: int = 0
    verified_wh: int = 0


@dataclass
class DayLog:
    """Figures of the slots from ``first_slot`` on, ``slots`` of them; those of other slots are counted, not kept."""

    first_slot: int
    slots: int
    homes: dict[bytes, HomeDay] = field(default_factory=dict)
    by_slot: dict[int, SlotDay] = field(default_factory=dict)
    by_product: dict[str, ProductDay] = field(default_factory=dict)
    block_times_s: list[float] = field(default_factory=list)
    height: int = 0
    contracts_made: int = 0
    contracts_settled: int = 0
    contracts_unwound: int = 0
    books_cleared: int = 0
    books_traded: int = 0
    late_blocks_max: int = 0
    proofs: int = 0
    slots_settled: int = 0
    slots_at_deadline: int = 0
    certificates_wh: int = 0
    last_prices: tuple[int, int] | None = None
    results: Counter[Code] = field(default_factory=Counter)
    switched: set[tuple[int, bytes, Phase]] = field(default_factory=set)
    control: ControlDay = field(default_factory=ControlDay)
    made: list[Made] = field(default_factory=list)
    due_failed: list[DueFailed] = field(default_factory=list)
    equivocations: list[Equivocation] = field(default_factory=list)
    # The block time of transactions that were refused as too late, by sender.
    too_late_s: list[tuple[bytes, float]] = field(default_factory=list)
    _product_of: dict[str, str] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)

    def add_block(self, height: int, time_s: float) -> None:
        """A block, in order of height."""
        self.height = height
        self.block_times_s.append(time_s)

    def add_result(self, code: int, log: str, sender: bytes = b"", time_s: float = 0.0) -> None:
        """What became of a transaction in a block of that time."""
        result = Code(code)
        self.results[result] += 1
        if result in _TOO_LATE:
            self.too_late_s.append((sender, time_s))
        if result is not Code.OK:
            self.troubles.add(result.name, log)

    def add_event(self, event: Any, time_s: float) -> None:
        """A typed event of a block of that time; kinds that nobody counts are passed over."""
        self.control.add(event, time_s)
        match event:
            case BookCleared(book=book) if book is not None:
                self.books_cleared += 1
                self.late_blocks_max = max(self.late_blocks_max, self._blocks_since(book.gate_s))
                if book.volume_wh:
                    self.books_traded += 1
                    self.last_prices = (book.buy_price_neur_per_wh, book.sell_price_neur_per_wh)
            case ContractMade(contract=contract) if contract is not None:
                self.contracts_made += 1
                self.made.append(Made(contract, time_s))
                slot = self._slot(contract.slot)
                slot.traded_wh += contract.energy_wh
                slot.paid_neur += contract.energy_wh * contract.buy_price_neur_per_wh
                slot.received_neur += contract.energy_wh * contract.sell_price_neur_per_wh
                product = self.by_product.setdefault(contract.product, ProductDay())
                product.contracts_made += 1
                product.traded_wh += contract.energy_wh
                self._product_of[contract.contract_id] = contract.product
            case ContractSettled():
                product = self.by_product[self._product_of.pop(event.contract_id)]
                product.contracts_settled += 1
                product.verified_wh += event.verified_wh
            case ContractUnwound():
                del self._product_of[event.contract_id]
                self.contracts_unwound += 1
            case FlowProved():
                self.proofs += 1
            case CertificateMinted(certificate=certificate) if certificate is not None:
                self.certificates_wh += certificate.energy_wh
            case HouseholdSettled():
                self._add_household(event)
            case SlotSettled(settlement=settlement) if settlement is not None:
                self.contracts_settled += settlement.contracts_settled
                self._slot(settlement.slot).verified_wh += settlement.verified_wh
                self._slot(settlement.slot).settled_time_s = time_s
                if self.in_day(settlement.slot):
                    self.slots_settled += 1
                    self.slots_at_deadline += settlement.at_deadline
            case DebtChanged():
                if event.amount_neur:
                    self.troubles.add("debt", f"debt of {event.amount_neur} nEUR for {event.reason}")
            case DueFailed():
                self.due_failed.append(event)
                self.troubles.add("due work", f"due work failed: {event.reason}")
            case PhaseConfirmed():
                self.switched.add((event.slot, event.account, event.executed))
            case EquivocationRecorded(evidence=evidence) if evidence is not None:
                self.equivocations.append(evidence)
                self.troubles.add("evidence", "the proof key signed two values for one slot and account")

    def _blocks_since(self, gate_s: int) -> int:
        """How many blocks before the one being added had a time at or after a gate."""
        late = 0
        while late < len(self.block_times_s) and int(self.block_times_s[-1 - late]) >= gate_s:
            late += 1
        return late

    def in_day(self, slot: int) -> bool:
        """Whether a slot belongs to the day."""
        return self.first_slot <= slot < self.first_slot + self.slots

    def _slot(self, slot: int) -> SlotDay:
        return self.by_slot.setdefault(slot, SlotDay())

    def _add_household(self, event: HouseholdSettled) -> None:
        done = event.settlement
        if done is None or not self.in_day(done.slot):
            return
        home = self.homes.setdefault(done.account, HomeDay())
        home.contracts_neur += done.contracts_neur
        home.deviation_neur += done.deviation_neur
        home.rebate_neur += done.rebate_neur
        home.reward_neur += done.reward_neur
        home.bill_neur -= done.contracts_neur + done.deviation_neur + done.rebate_neur + done.reward_neur
        home.bought_wh += done.bought_wh
        home.sold_wh += done.sold_wh
        home.import_wh += max(done.flow_wh, 0)
        home.export_wh += max(-done.flow_wh, 0)
        home.debt_neur += done.debt_neur
        home.commitments.add(done)
        missed = missed_by(done)
        if missed is not None:
            home.missed.append(missed)
        slot = self._slot(done.slot)
        slot.flows_wh[done.account] = done.flow_wh
        slot.import_wh += max(done.flow_wh, 0)
        slot.export_wh += max(-done.flow_wh, 0)
