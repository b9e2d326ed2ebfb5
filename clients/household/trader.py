"""One grid's homes through the slots: wait for the clearing, plan, trade, steer, declare."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clients.common.chain import Chain
from clients.common.errors import ChainError
from clients.household.chain_state import (
    read_account,
    read_availability,
    read_debts,
    read_free_neur,
    read_order,
    read_terms,
)
from clients.household.database import Database
from clients.household.diary import Diary
from clients.household.equipment import Equipment
from clients.household.home import Home
from clients.household.measurements import KEPT_SLOTS
from clients.household.money import look_after_money
from clients.household.reactions import Reaction
from clients.household.sender import Sender
from clients.household.slot_keeping import keep_slot
from clients.household.terms import Terms
from clients.household.turns import Turns
from wire.asset import DeclareAvailability
from wire.ledger import PayDebt
from wire.market import CancelOrder, PlaceOrder
from wire.settlement import DeclareFlow

log = logging.getLogger(__name__)

# How much of a slot the first block of it is waited for; the plan is then made without what it clears.
_PATIENCE = 0.4
_TERMS_EVERY_SLOTS = 6
# How much of a slot plans may wait for answers to signals of control.
_WAITING_SHARE = 0.1
_SUSPENDED_SLOTS = 36
_REPORT_EVERY_SLOTS = 6
_GRACE_SECONDS = 1
_CHANGES_TOGETHER_SECONDS = 0.2


class Trader:
    """Trades for homes of one grid; ``sender`` carries out what is decided, each home's ``equipment`` is steered."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        sender: Sender,
        terms: Terms,
        equipment: Iterable[Equipment],
        diary: Diary | None = None,
    ) -> None:
        self._chain = chain
        self._database = database
        self._diary = diary or Diary(database.slots)
        self._sender = sender
        self.terms = terms
        self._equipment = {each.home.id: each for each in equipment}
        self.homes: Mapping[str, Home] = {each.home.id: each.home for each in self._equipment.values()}
        self._to_plan_again: dict[str, asyncio.TimerHandle] = {}
        self._block_time_s = 0.0
        self._block = asyncio.Event()
        self._planned_slot = -1
        self._reading_terms = False
        self._turns = Turns()
        self._first_pass: tuple[int, float] | None = None

    def block_seen(self, time_s: float) -> None:
        """The chain has made a block with this time; all its events have been told."""
        if time_s > self._block_time_s:
            self._block_time_s = time_s
            self._block.set()

    async def run(self) -> None:
        """Trade until cancelled, slot by slot."""
        while True:
            clock = self.terms.clock
            now = clock.slot_at(time.time())
            if now < self._planned_slot:
                await self._set_back(now)
            for equipment in self._equipment.values():
                equipment.begin_slot(now, self.terms)
            await self._first_block_of(now)
            await self.pass_slot(now)
            # Sleep in pieces, as somebody may set the wall clock forth or back.
            while clock.slot_at(time.time()) == now:
                await asyncio.sleep(min(max(0.0, clock.start_s(now + 1) - time.time()), 1.0))

    async def pass_slot(self, now: int) -> None:
        """What is to be done once in slot ``now``: for the open books and for the next slot."""
        self._turns.begin(_WAITING_SHARE * self.terms.clock.slot_seconds)
        if now % _TERMS_EVERY_SLOTS == 0 or now >= self.terms.first_slot + _TERMS_EVERY_SLOTS:
            self._sender.start(self._refresh_terms())
        for home in self.homes.values():
            if home.account.suspended and now % _SUSPENDED_SLOTS == 0:
                home.account.suspended = ""
                self._database.alarm(home.id, int(time.time()), "")
            self._diary.closed(home)
            decision = home.decide(self.terms, now)
            self._diary.decided(home, self.terms, now, decision)
            self._prepare_slot(home, now + 1)
            if decision.availability or decision.orders:
                self._sender.start(self._trade(home, decision.availability, decision.orders))
            if home.account.debts or home.account.budget_neur is not None:
                expires_s = self.terms.clock.start_s(now + 2) + _GRACE_SECONDS
                self._sender.start(look_after_money(self._chain, self._database, self._sender, home, expires_s))
            home.account.forget_before(now - KEPT_SLOTS)
            self._equipment[home.id].forget_before(now)
            await self._turns.others()
        self._planned_slot = now
        self._diary.keep(now)
        keep_slot(self._database, self.homes.values(), self.terms, now)
        if now % _REPORT_EVERY_SLOTS == 0:
            self._report(now)

    def contracted(self, home: Home) -> None:
        """A contract came after the plan was made: where it is for the next slot, plan and steer again."""
        now = self.terms.clock.slot_at(time.time())
        # A home that has its plan of the slot may have to wait for others: this one does not.
        if home.outdated(now + 1):
            self._plan_again(home, now)

    def changed(self, home: Home) -> None:
        """Its devices, or what the person wants, are not what the plan was made for: plan again.

        At once, but not oftener than devices that come and go all the time should make it.
        """
        if home.id not in self._to_plan_again:
            loop = asyncio.get_running_loop()
            self._to_plan_again[home.id] = loop.call_later(_CHANGES_TOGETHER_SECONDS, self._plan_changed, home)

    def wished(self, home: Home) -> None:
        """The person wants something else: decide and steer at once, the running slot too."""
        now = self.terms.clock.slot_at(time.time())
        if self._planned_slot == now:
            decision = home.decide(self.terms, now)
            self._prepare_slot(home, now + 1)
            self._sender.start(self._trade(home, decision.availability, decision.orders))
        self._equipment[home.id].steer(now)
        self._equipment[home.id].begin_slot(now, self.terms)

    def _plan_changed(self, home: Home) -> None:
        del self._to_plan_again[home.id]
        now = self.terms.clock.slot_at(time.time())
        # A slot that has just begun, or a process that has, gets its plan anyway.
        if self._planned_slot == now:
            self._plan_again(home, now)
            self._equipment[home.id].begin_slot(now, self.terms)

    def _plan_again(self, home: Home, now: int) -> None:
        home.make_plan(self.terms, now)
        self._prepare_slot(home, now + 1)

    def measured(self, home: Home) -> None:
        """Its inverter told how the running slot goes: set it right where it goes elsewhere."""
        self._equipment[home.id].measured(self.terms.clock.slot_at(time.time()))

    def heard(self, home: Home) -> None:
        """One of its devices told something: let flexible loads follow."""
        self._equipment[home.id].follow(self.terms.clock.slot_at(time.time()), self.terms)

    def ask(self, home: Home, slot: int, flow_wh: int) -> None:
        """Real-time control asks for a net flow in the running slot or a later one (Wh); it comes before the plan."""
        self._turns.asked()
        self._equipment[home.id].ask(slot, flow_wh)

    def release(self, home: Home, slot: int) -> None:
        """Real-time control asks for nothing in a slot any more: the plan holds again."""
        self._equipment[home.id].release(slot)

    def obeyed_ms(self, home: Home, slot: int) -> int | None:
        """Since when a home's inverter does what was ordered for a slot last (Unix ms); None: it hasn't said so."""
        return self._equipment[home.id].obeyed_ms(slot)

    def indebted(self, home: Home) -> None:
        """A slot left a debt: ask which, so that it is paid with the next plan."""
        self._sender.start(read_debts(self._chain, home.account))

    async def react(self, home: Home, message: Any, reaction: Reaction) -> None:
        """Do about a refusal what is more than dropping it."""
        account = home.account
        if reaction is Reaction.OFFER_LESS:
            account.budget_neur = await read_free_neur(self._chain, account)
            log.warning("%s: money is short: %d neur are free", home.id, account.budget_neur)
        elif reaction is Reaction.PAY_DEBTS:
            await read_debts(self._chain, account)
        elif reaction is Reaction.READ_TERMS:
            await self._refresh_terms()
        elif reaction is Reaction.REFRESH:
            await self._refresh(home, message)

    def _report(self, now: int) -> None:
        """How the homes stand, and what the process costs (CPU of all its work, by home and slot)."""
        cpu_s = time.process_time()
        if self._first_pass is None or now <= self._first_pass[0]:
            self._first_pass = (now, cpu_s)
            return
        since_slot, since_s = self._first_pass
        cost_ms = 1000 * (cpu_s - since_s) / (now - since_slot) / len(self.homes)
        bill_neur = sum(home.account.bill.total_neur for home in self.homes.values())
        text = "slot %d: %d homes, bills %.3f eur, results %s, %.2f ms of CPU a home and slot"
        log.info(text, now, len(self.homes), bill_neur / 1e9, self._sender.results, cost_ms)

    async def _first_block_of(self, slot: int) -> None:
        start_s = self.terms.clock.start_s(slot)
        patience_s = start_s + _PATIENCE * self.terms.clock.slot_seconds - time.time()
        try:
            async with asyncio.timeout(max(0.0, patience_s)):
                while self._block_time_s < start_s:
                    self._block.clear()
                    await self._block.wait()
        except TimeoutError:
            log.debug("slot %d: no block yet; planning without its clearings", slot)

    async def _set_back(self, now: int) -> None:
        """The clock was set back: orders that were given up as closed still stand, so ask the chain which."""
        log.warning("the clock went back from slot %d to %d: reading what stands on the chain", self._planned_slot, now)
        for home in self.homes.values():
            try:
                await read_account(self._chain, self.terms, home.account, now, home.open_books(self.terms, now))
            except ChainError as error:
                log.warning("%s: what stands could not be read: %s", home.id, error)

    async def _refresh_terms(self) -> None:
        # Slots' terms are proved one by one: a gateway that is slow must not be asked anew in every slot.
        if self._reading_terms:
            return
        self._reading_terms = True
        try:
            self.terms = await read_terms(self._chain, self.terms.grid.vdg, self.terms)
        except ChainError as error:
            log.warning("terms of %s are not read: %s; the last ones hold", self.terms.grid.vdg, error)
        finally:
            self._reading_terms = False

    async def _refresh(self, home: Home, message: Any) -> None:
        vdg = self.terms.grid.vdg
        if isinstance(message, PlaceOrder):
            slots = self.terms.products[message.product].block_slots
            await read_availability(self._chain, vdg, home.account, range(message.slot, message.slot + slots))
        if isinstance(message, PlaceOrder | CancelOrder):
            await read_order(self._chain, vdg, home.account, (message.product, message.slot))
        elif isinstance(message, DeclareAvailability):
            slots_said = range(message.first_slot, message.first_slot + len(message.energy_wh))
            await read_availability(self._chain, vdg, home.account, slots_said)
        elif isinstance(message, PayDebt):
            await read_debts(self._chain, home.account)

    async def _trade(
        self, home: Home, availability: Iterable[DeclareAvailability], orders: Sequence[PlaceOrder | CancelOrder]
    ) -> None:
        clock = self.terms.clock
        # An order that waits for its availability, perhaps for longer than a slot, must not be decided on again.
        with self._sender.reserved(home, orders):
            await self._sender.send(home, [(each, clock.start_s(each.first_slot)) for each in availability])
        dated = []
        for order in orders:
            gate_s = self.terms.gate_s(self.terms.products[order.product], order.slot)
            dated.append((order, gate_s + _GRACE_SECONDS))
        await self._sender.send(home, dated)

    def _prepare_slot(self, home: Home, slot: int) -> None:
        """Steer the battery and declare the supplier flow for a slot that is about to begin."""
        self._equipment[home.id].steer(slot)
        declaration = home.declaration(self.terms, slot)
        if declaration is not None:
            self._sender.start(self._declare(home, declaration))

    async def _declare(self, home: Home, declaration: DeclareFlow) -> None:
        await self._sender.send(home, [(declaration, self.terms.clock.start_s(declaration.slot) + _GRACE_SECONDS)])
