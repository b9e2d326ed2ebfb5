"""The DSO's phase orders: before each slot, the phases that suit what is committed for it (5.1) to (5.5)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from clients.common.slots import SLOTS_PER_DAY, SlotClock
from clients.dso.control.connections import Connections
from clients.dso.control.control_chain import ControlChain
from clients.dso.grid_chain import ChainUnavailable
from clients.dso.phases.allocation import allocate
from clients.dso.phases.household import Household
from clients.dso.phases.settings import SwitchingSettings
from wire.control import PhaseOrderStatus, PostPhaseOrder, Switch
from wire.phase_switch import PHASE_NAMES, PHASES_BY_NAME
from wire.results import Code

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class Committed(Protocol):
    """What homes have committed to."""

    def of(self, slot: int) -> Mapping[bytes, int]:
        """By account, Wh."""
        ...


class PhaseService:
    """One grid's. Homes with a registered switch are moved, within the chain's limits per slot and switch and day."""

    def __init__(
        self,
        vdg: str,
        clock: SlotClock,
        connections: Connections,
        chain: ControlChain,
        committed: Committed,
        settings: SwitchingSettings,
    ) -> None:
        self._vdg = vdg
        self._clock = clock
        self._connections = connections
        self._chain = chain
        self._committed = committed
        self._settings = settings
        self._ordered: Counter[tuple[int, bytes]] = Counter()
        self._counted_from: int | None = None
        self.orders = 0
        self.refused = 0
        self.unconfirmed = 0

    async def run(self) -> None:
        """Order phases until cancelled."""
        while True:
            now = self._clock.slot_at(time.time())
            await self._clock.until(now, self._settings.order_at_share)
            try:
                await self.order(now + 1)
                await self.look_back(now - 1)
            except ChainUnavailable as error:
                log.warning("no phases are ordered for slot %d: %s", now + 1, error)
            await self._clock.until(now + 1)

    async def order(self, slot: int) -> dict[str, str]:
        """Post the orders for a slot that hasn't begun; the homes that are to move, with their new phases.

        Raises: ChainUnavailable.
        """
        control, switches = await self._chain.grid_control(), await self._chain.switches()
        by_account = {switch.account: switch for switch in switches}
        await self._count_day(slot, by_account)
        left = control.switchings_per_slot - len(await self._chain.phase_orders(slot))
        if left <= 0 or not by_account:
            return {}
        day = slot // SLOTS_PER_DAY
        committed = self._committed.of(slot)
        households = [
            Household(
                each.home,
                each.feeder,
                each.phase_by(by_account.get(each.account)),
                committed.get(each.account, 0),
                each.account in by_account and self._ordered[day, each.account] < control.switchings_per_day,
            )
            for each in self._connections.all
        ]
        # With many switches a search takes up to some seconds, in which all else goes on.
        chosen = await asyncio.to_thread(allocate, households, left, self._settings.hysteresis_wh2)
        wanted = {home: chosen.phases[home] for home in chosen.switchings}
        taken = await asyncio.gather(*(self._order(home, slot, phase) for home, phase in wanted.items()))
        moved = {home: phase for (home, phase), done in zip(wanted.items(), taken, strict=True) if done}
        if moved:
            log.info("slot %d: %s", slot, ", ".join(f"{home} to {phase}" for home, phase in sorted(moved.items())))
        return moved

    async def _order(self, home: str, slot: int, phase: str) -> bool:
        account = self._connections.by_home[home].account
        outcome = await self._chain.submit(PostPhaseOrder(self._vdg, slot, account, PHASES_BY_NAME[phase]))
        if outcome.code is not Code.OK:
            self.refused += 1
            log.warning("%s is not ordered to phase %s: %s: %s", home, phase, outcome.code.name, outcome.reason)
            return False
        self.orders += 1
        self._ordered[slot // SLOTS_PER_DAY, account] += 1
        return True

    async def look_back(self, slot: int) -> None:
        """Tell of switches that have not confirmed; a home whose switch is mute is taken to be where it was."""
        for order in await self._chain.phase_orders(slot):
            if order.status is PhaseOrderStatus.PHASE_ORDER_STATUS_UNCONFIRMED:
                self.unconfirmed += 1
                home = self._connections.by_account.get(order.account)
                log.warning(
                    "slot %d: the switch of %s has not confirmed phase %s: look after it",
                    *(slot, home.home if home else order.account.hex(), PHASE_NAMES[order.phase]),
                )

    async def _count_day(self, slot: int, switches: Mapping[bytes, Switch]) -> None:
        """What an earlier process has ordered in the slot's day counts as well."""
        first = slot - slot % SLOTS_PER_DAY
        if self._counted_from == first:
            return
        self._ordered.clear()
        if switches and self._counted_from is None:
            for past in range(first, slot + 1):
                for order in await self._chain.phase_orders(past):
                    self._ordered[slot // SLOTS_PER_DAY, order.account] += 1
        self._counted_from = first
