"""Messages to the chain, each exactly once, and what its result means for the home."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from clients.common.chain import Chain
from clients.common.errors import GatewayError, Refused
from clients.common.wallet import Wallet
from clients.household.account import LiveOrder
from clients.household.database import Database, UnderWay
from clients.household.home import Home
from clients.household.reactions import Reaction, reaction_to
from wire.asset import DeclareAvailability
from wire.ledger import PayDebt
from wire.market import CancelOrder, PlaceOrder
from wire.results import Code
from wire.settlement import DeclareFlow

log = logging.getLogger(__name__)

# Blocks take a moment; and a chain takes nothing that may wait for long. What has expired is decided on anew.
_LEAST_EXPIRY_SECONDS, _MOST_EXPIRY_SECONDS = 3, 300

React = Callable[[Home, Any, Reaction], Awaitable[None]]


class Sender:
    """Sends for any number of homes. ``react`` is told of every refusal that asks for more than dropping it."""

    def __init__(self, chain: Chain, database: Database, wallets: dict[str, Wallet], react: React) -> None:
        self._chain = chain
        self._database = database
        self._wallets = wallets
        self._react = react
        self._tasks: set[asyncio.Task[None]] = set()
        self.results: dict[str, int] = {}

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something carried out meanwhile; an unexpected failure is logged and does no other harm."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    @contextmanager
    def reserved(self, home: Home, messages: Iterable[Any]) -> Iterator[None]:
        """Count messages as under way that wait for others to be executed first."""
        waiting = list(messages)
        for message in waiting:
            self._mark(home, message)
        try:
            yield
        finally:
            for message in waiting:
                self._unmark(home, message)

    async def send(self, home: Home, messages: Iterable[tuple[Any, int]]) -> None:
        """Send messages, each with the Unix time after which it is worth nothing; returns when all have results."""
        items = self._database.begin(home.id, messages)
        for item in items:
            self._mark(home, item.message)
        await asyncio.gather(*(self.carry_out(home, item) for item in items))

    async def carry_out(self, home: Home, item: UnderWay) -> None:
        """See a message through to its result, also one that an earlier process began."""
        self._mark(home, item.message)
        left_s = item.expires_s - int(time.time())
        expires_in_s = min(max(_LEAST_EXPIRY_SECONDS, left_s), _MOST_EXPIRY_SECONDS)
        try:
            await self._chain.submit(self._wallets[home.id], item.message, key=item.key, expires_in_s=expires_in_s)
        except Refused as refusal:
            code, text = refusal.code, refusal.message
        except GatewayError as error:
            log.error("%s: %s could not be sent: %s", home.id, type(item.message).__name__, error)
            self._unmark(home, item.message)
            return
        else:
            code, text = Code.OK, ""
        self._unmark(home, item.message)
        self._database.finish(item)
        self.results[code.name] = self.results.get(code.name, 0) + 1
        if code is Code.OK:
            take_effect(home, item.message)
        else:
            await self._refused(home, item.message, code, text)

    async def close(self) -> None:
        """Stop waiting for results; the next process goes on with what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _refused(self, home: Home, message: Any, code: Code, text: str) -> None:
        reaction = reaction_to(code)
        level = logging.WARNING if reaction is Reaction.SUSPEND else logging.INFO
        log.log(level, "%s: %s refused: %s: %s", home.id, type(message).__name__, code.name, text)
        if reaction is Reaction.SUSPEND:
            home.account.suspended = f"{code.name}: {text}"
            self._database.alarm(home.id, int(time.time()), f"suspended: {code.name}: {text}")
        elif reaction not in (Reaction.DROP, Reaction.LATER):
            await self._react(home, message, reaction)

    def _mark(self, home: Home, message: Any) -> None:
        if isinstance(message, PlaceOrder | CancelOrder):
            home.account.under_way.add((message.product, message.slot))

    def _unmark(self, home: Home, message: Any) -> None:
        if isinstance(message, PlaceOrder | CancelOrder):
            home.account.under_way.discard((message.product, message.slot))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("carrying out a decision failed: %s", error, exc_info=error)


def take_effect(home: Home, message: Any) -> None:
    """What an executed message changed in the home's account."""
    account = home.account
    if isinstance(message, PlaceOrder):
        order = LiveOrder(message.side, message.energy_wh, message.limit_price_neur_per_wh)
        account.orders[(message.product, message.slot)] = order
    elif isinstance(message, CancelOrder):
        account.orders.pop((message.product, message.slot), None)
    elif isinstance(message, DeclareAvailability):
        for index, energy_wh in enumerate(message.energy_wh):
            account.declared_wh[message.first_slot + index] = energy_wh
    elif isinstance(message, DeclareFlow):
        account.supplier_flow_wh[message.slot] = message.supplier_flow_wh
    elif isinstance(message, PayDebt):
        key = (message.creditor, message.reason)
        left = account.debts.get(key, 0) - message.amount_neur
        if left > 0:
            account.debts[key] = left
        else:
            account.debts.pop(key, None)
