"""Predicts the result of every transaction, and what blocks do by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.app import world
from tests.app.auditor.books import DSO, ISSUED, REWARDS, SUPPLIER, Denied, Placed, State, one_by_one
from tests.app.auditor.settling import clear_book, settle
from wire.asset import DeclareAvailability
from wire.flowproof import SubmitProofs
from wire.grid import SetCaps, SetRebates
from wire.ledger import Burn, Mint, PayDebt, Transfer, account_holder
from wire.market import CancelOrder, PlaceOrder, Side
from wire.results import Code
from wire.settlement import DeclareFlow, FundRewards, RetireCertificate, TransferCertificate

MAX_ENERGY_WH, MAX_PRICE, AHEAD = 10**9, 10**7, 1008


class Auditor:
    """Runs beside the chain."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.time_s = 0
        self.settled_until = 0
        self._treat: dict[type[Any], Callable[[bytes, Any, int], None]] = {
            PlaceOrder: self._place_order,
            CancelOrder: self._cancel_order,
            DeclareAvailability: self._declare_availability,
            DeclareFlow: self._declare_flow,
            SubmitProofs: self._submit_proofs,
            SetCaps: self._set_caps,
            SetRebates: self._set_rebates,
            Mint: self._mint,
            Burn: self._burn,
            Transfer: self._transfer,
            FundRewards: self._fund_rewards,
            PayDebt: self._pay_debt,
            TransferCertificate: self._transfer_certificate,
            RetireCertificate: self._retire_certificate,
        }

    def slot(self) -> int:
        """The slot that runs."""
        return (self.time_s - world.EPOCH_S) // world.SLOT_SECONDS

    def start(self, slot: int) -> int:
        """When a slot begins."""
        return world.EPOCH_S + slot * world.SLOT_SECONDS

    def begin_block(self, time_s: int, seed: bytes) -> None:
        """Everything that is due, oldest first; at one time gates come before slots that are all proved."""
        self.time_s = time_s
        state = self.state
        due: list[tuple[int, int, bytes, str, int]] = []
        for name, slot in state.open_books:
            gate = self.start(slot - state.products[name].gate)
            due.append((gate, 1, name.encode() + b"/" + slot.to_bytes(8, "big"), name, slot))
        for slot, when in state.proved_at.items():
            due.append((when, 2, slot.to_bytes(8, "big"), "", slot))
        last = self.slot() + 1
        for slot in range(self.settled_until, last):
            due.append((self.deadline(slot), 3, slot.to_bytes(8, "big"), "", slot))
        for when, moment, _, name, slot in sorted(due):
            if when > time_s:
                break
            if moment == 1:
                clear_book(state, name, slot, seed)
                continue
            state.proved_at.pop(slot, None)
            if slot not in state.closed:
                settle(state, slot)
            if moment == 3:
                self.settled_until = slot + 1

    def deadline(self, slot: int) -> int:
        """When a slot settles with what is proved."""
        return self.start(slot + 1 + self.state.rules.deadline_slots)

    def execute(self, sender: bytes, message: Any, nonce: int) -> Code:
        """The code that a transaction of an admitted sender with a good nonce must get; applies it if it is OK."""
        try:
            self._treat[type(message)](sender, message, nonce)
        except Denied as denied:
            return denied.code
        return Code.OK

    def _place_order(self, sender: bytes, m: PlaceOrder, nonce: int) -> None:
        state = self.state
        product = self._open(sender, m)
        book = state.orders[m.product, m.slot]
        old = book.get(sender, Placed(True, 0, 0, 0))
        if old.nonce > nonce:
            raise Denied(Code.SUPERSEDED)
        if state.owes(sender):
            raise Denied(Code.IN_DEBT)
        if m.limit_price_neur_per_wh > MAX_PRICE:
            raise Denied(Code.PRICE_OUT_OF_RANGE)
        if m.energy_wh > MAX_ENERGY_WH:
            raise Denied(Code.ENERGY_OUT_OF_RANGE)
        bid = m.side is Side.SIDE_BID
        parts = one_by_one(m.energy_wh, product.block)
        for slot, part in enumerate(parts, m.slot):
            if slot in state.caps and part + state.position(slot, sender, bid) > state.caps[slot][0 if bid else 1]:
                raise Denied(Code.ABOVE_CAP)
        freed = [0] * product.block if old.bid else one_by_one(old.energy_wh, product.block)
        for index, part in enumerate(parts):
            slot = m.slot + index
            more = (0 if bid else part) - freed[index]
            declared = state.declared.get((slot, sender), (0, 0))[0]
            if more and state.held.get((slot, sender), 0) + more > declared:
                raise Denied(Code.BEYOND_AVAILABILITY)
        back = old.energy_wh * old.price if old.bid else 0
        needed = m.energy_wh * m.limit_price_neur_per_wh if bid else 0
        if needed - back > state.free[sender]:
            raise Denied(Code.INSUFFICIENT_FUNDS)
        state.free[sender] -= needed - back
        state.escrow[sender] += needed - back
        for index, part in enumerate(parts):
            more = (0 if bid else part) - freed[index]
            if more:
                state.held[m.slot + index, sender] += more
        book[sender] = Placed(bid, m.energy_wh, m.limit_price_neur_per_wh, nonce)
        state.open_books.add((m.product, m.slot))

    def _open(self, sender: bytes, m: PlaceOrder | CancelOrder) -> Any:
        if m.vdg != world.VDG:
            raise Denied(Code.UNKNOWN_VDG)
        product = self.state.products.get(m.product)
        if product is None:
            raise Denied(Code.UNKNOWN_PRODUCT)
        if sender not in self.state.members:
            raise Denied(Code.NOT_A_MEMBER)
        if m.slot % product.block:
            raise Denied(Code.SLOT_INVALID)
        if m.slot > self.slot() + product.horizon:
            raise Denied(Code.SLOT_OUT_OF_RANGE)
        if self.time_s >= self.start(m.slot - product.gate):
            raise Denied(Code.GATE_CLOSED)
        return product

    def _cancel_order(self, sender: bytes, m: CancelOrder, nonce: int) -> None:
        state = self.state
        product = self._open(sender, m)
        book = state.orders[m.product, m.slot]
        old = book.get(sender, Placed(True, 0, 0, 0))
        if old.nonce > nonce:
            raise Denied(Code.SUPERSEDED)
        book[sender] = Placed(old.bid, 0, 0, nonce)
        state.open_books.add((m.product, m.slot))
        if not old.energy_wh:
            raise Denied(Code.UNKNOWN_ORDER)
        if old.bid:
            state.escrow[sender] -= old.energy_wh * old.price
            state.free[sender] += old.energy_wh * old.price
        else:
            for slot, part in enumerate(one_by_one(old.energy_wh, product.block), m.slot):
                state.held[slot, sender] -= part

    def _future(self, first: int, count: int) -> None:
        if first <= self.slot() or first + count - 1 > self.slot() + AHEAD:
            raise Denied(Code.SLOT_OUT_OF_RANGE)

    def _declare_availability(self, sender: bytes, m: DeclareAvailability, nonce: int) -> None:
        state = self.state
        self._future(m.first_slot, len(m.energy_wh))
        slots = list(enumerate(m.energy_wh, m.first_slot))
        if any(state.declared.get((slot, sender), (0, 0))[1] > nonce for slot, _ in slots):
            raise Denied(Code.SUPERSEDED)
        if max(m.energy_wh) > state.capacity[sender]:
            raise Denied(Code.BEYOND_CAPACITY)
        if any(energy < state.held.get((slot, sender), 0) for slot, energy in slots):
            raise Denied(Code.BEYOND_AVAILABILITY)
        for slot, energy in slots:
            state.declared[slot, sender] = energy, nonce

    def _declare_flow(self, sender: bytes, m: DeclareFlow, nonce: int) -> None:
        self._future(m.slot, 1)
        if self.state.planned.get((m.slot, sender), (0, 0))[1] > nonce:
            raise Denied(Code.SUPERSEDED)
        self.state.planned[m.slot, sender] = m.supplier_flow_wh, nonce

    def _submit_proofs(self, sender: bytes, m: SubmitProofs, nonce: int) -> None:
        state, known = self.state, self.state.flows[m.slot]
        if self.time_s < self.start(m.slot + 1):
            raise Denied(Code.SLOT_NOT_OVER)
        late = m.slot in state.closed or self.time_s >= self.deadline(m.slot)
        if late and any(proof.account not in known for proof in m.proofs):
            raise Denied(Code.SLOT_CLOSED)
        if any(known.get(proof.account, proof.flow_wh) != proof.flow_wh for proof in m.proofs):
            raise Denied(Code.PROOF_CONFLICT)
        before = len(known)
        known.update({proof.account: proof.flow_wh for proof in m.proofs})
        if len(known) > before and all(a in known for a, since in state.members.items() if since <= m.slot):
            state.proved_at[m.slot] = self.time_s

    def _set_caps(self, sender: bytes, m: SetCaps, nonce: int) -> None:
        if sender != DSO:
            raise Denied(Code.WRONG_ROLE)
        self._future(m.first_slot, len(m.import_cap_wh))
        for index, caps in enumerate(zip(m.import_cap_wh, m.export_cap_wh, strict=True)):
            self.state.caps[m.first_slot + index] = caps

    def _set_rebates(self, sender: bytes, m: SetRebates, nonce: int) -> None:
        if sender != DSO:
            raise Denied(Code.WRONG_ROLE)
        self._future(m.first_slot, len(m.rebate_neur_per_wh))
        slots = list(enumerate(m.rebate_neur_per_wh, m.first_slot))
        if any(self.state.rebates.get(slot, 0) not in (0, rebate) for slot, rebate in slots):
            raise Denied(Code.ALREADY_EXISTS)
        self.state.rebates.update(slots)

    def _mint(self, sender: bytes, m: Mint, nonce: int) -> None:
        self.state.pay(ISSUED, m.to, m.amount_neur)

    def _burn(self, sender: bytes, m: Burn, nonce: int) -> None:
        self.state.pay(sender, ISSUED, m.amount_neur)

    def _transfer(self, sender: bytes, m: Transfer, nonce: int) -> None:
        self.state.pay(sender, m.to, m.amount_neur)

    def _fund_rewards(self, sender: bytes, m: FundRewards, nonce: int) -> None:
        if m.vdg != world.VDG:
            raise Denied(Code.UNKNOWN_VDG)
        self.state.pay(sender, REWARDS, m.amount_neur)

    def _pay_debt(self, sender: bytes, m: PayDebt, nonce: int) -> None:
        creditor = SUPPLIER if m.creditor == account_holder(SUPPLIER) else REWARDS
        owed = self.state.debts.get((sender, creditor, m.reason), 0)
        if not owed:
            raise Denied(Code.UNKNOWN_DEBT)
        if m.amount_neur > owed:
            raise Denied(Code.INVALID_FIELD)
        self.state.pay(sender, creditor, m.amount_neur)
        self.state.debts[sender, creditor, m.reason] -= m.amount_neur

    def _held(self, sender: bytes, name: str, energy_wh: int) -> None:
        if name not in self.state.certificates:
            raise Denied(Code.UNKNOWN_CERTIFICATE)
        if not self.state.holdings[name, sender]:
            raise Denied(Code.NOT_OWNER)
        if energy_wh > self.state.holdings[name, sender]:
            raise Denied(Code.ENERGY_OUT_OF_RANGE)
        self.state.holdings[name, sender] -= energy_wh

    def _transfer_certificate(self, sender: bytes, m: TransferCertificate, nonce: int) -> None:
        self._held(sender, m.certificate_id, m.energy_wh)
        self.state.holdings[m.certificate_id, m.to] += m.energy_wh

    def _retire_certificate(self, sender: bytes, m: RetireCertificate, nonce: int) -> None:
        self._held(sender, m.certificate_id, m.energy_wh)
        self.state.retired[m.certificate_id] += m.energy_wh
