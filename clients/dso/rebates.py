"""Rebates on the distribution fee, r_t = g_hat_t * r_max (4.1): posted once per slot, before trading starts."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from clients.common.slots import SLOTS_PER_DAY, SlotClock
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.forecast import Forecast
from clients.dso.grid_chain import ChainUnavailable, GridChain
from wire.grid import SetRebates
from wire.results import Code

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


def rebate_neur_per_wh(forecast: float, max_neur_per_wh: int) -> int:
    """r_t of one slot (4.1). The one place where it is rounded: to the nearest integer, halves up.

    Raises: ValueError when the forecast isn't within 0 to 1.
    """
    if not 0 <= forecast <= 1:
        raise ValueError(f"forecast = {forecast}: give the average PV normalised to 0 to 1")
    return math.floor(forecast * max_neur_per_wh + 0.5)


class RebateRules(NamedTuple):
    """``post_at_slot_of_day``: when the next day's rebates are posted, before its day-ahead gate at slot 72."""

    vdg: str
    clock: SlotClock
    max_neur_per_wh: int
    post_at_slot_of_day: int


class Rebates:
    """Posts the rebates of each day ahead of its gates; what is posted already is left alone."""

    def __init__(self, rules: RebateRules, forecast: Forecast, chain: GridChain, findings: Findings) -> None:
        self._rules = rules
        self._forecast = forecast
        self._chain = chain
        self._findings = findings
        self.posted_to_slot = -1

    async def run(self) -> None:
        """Post until cancelled, at the start what is missing, then day by day."""
        while True:
            now_s = time.time()
            last = self.last_slot_due(now_s)
            try:
                # The slot after the running one may have begun by the block's time.
                if last > self.posted_to_slot and await self.post(self._rules.clock.slot_at(now_s) + 2, last):
                    self.posted_to_slot = last
                wait_s = min(1.0, self._rules.clock.slot_seconds)
            except ChainUnavailable as error:
                log.warning("rebates are not posted yet: %s", error)
                wait_s = _RETRY_SECONDS
            await asyncio.sleep(wait_s)

    def last_slot_due(self, now_s: float) -> int:
        """The last slot whose rebate should be posted by a time: of today, or of tomorrow once it is due."""
        running = self._rules.clock.slot_at(now_s)
        day, slot_of_day = divmod(running, SLOTS_PER_DAY)
        due_days = day + 1 if slot_of_day >= self._rules.post_at_slot_of_day else day
        return max(0, due_days + 1) * SLOTS_PER_DAY - 1

    async def post(self, first_slot: int, last_slot: int) -> bool:
        """Post the rebates of slots that have none; returns whether none has to be tried again.

        Raises: ChainUnavailable.
        """
        first_slot = max(0, first_slot)
        slots = last_slot - first_slot + 1
        if slots <= 0:
            return True
        terms = await self._chain.terms(first_slot, slots)
        wanted = [rebate_neur_per_wh(g, self._rules.max_neur_per_wh) for g in self._forecast(first_slot, slots)]
        missing = [
            (first_slot + index, rebate)
            for index, (rebate, term) in enumerate(zip(wanted, terms, strict=True))
            if rebate and not term.rebate_neur_per_wh
        ]
        done = [await self._submit(message) for message in in_messages(self._rules.vdg, missing)]
        return all(done)

    async def _submit(self, message: SetRebates) -> bool:
        outcome = await self._chain.submit(message)
        last_slot = message.first_slot + len(message.rebate_neur_per_wh) - 1
        if outcome.code is Code.OK:
            log.info("rebates posted for slots %d to %d", message.first_slot, last_slot)
            return True
        if outcome.code is Code.SLOT_OUT_OF_RANGE:
            log.info("rebates of slots %d to %d: %s", message.first_slot, last_slot, outcome.reason)
            return False
        self._findings.add(
            Finding(
                Kind.REBATES_REFUSED,
                "",
                message.first_slot,
                f"slots {message.first_slot} to {last_slot}: {outcome.code.name}: {outcome.reason}",
                "these slots have no rebate unless somebody posts it; is this daemon's account the grid's DSO?",
            )
        )
        return True


def in_messages(vdg: str, rebates: Sequence[tuple[int, int]]) -> list[SetRebates]:
    """One message per run of consecutive slots, of at most a day each."""
    runs = groupby(enumerate(rebates), key=lambda item: (item[1][0] - item[0], item[0] // SLOTS_PER_DAY))
    messages = []
    for _, run in runs:
        items = [rebate for _, rebate in run]
        messages.append(SetRebates(vdg, items[0][0], tuple(value for _, value in items)))
    return messages
