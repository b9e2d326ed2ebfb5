"""Catches a gateway that keeps contracts back: what each home has contracted is compared with its proved position."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from clients.common.errors import Unavailable
from clients.household.home import Home
from clients.household.verification import VerifiedChain
from wire.market import GetPositionRequest, Side
from wire.settlement import GetSlotRequest
from wire.unverified import Reason, Unverified

log = logging.getLogger(__name__)

# How long the stream of events may be behind the proved state.
_BEHIND_SECONDS = 30.0


class PositionWatch:
    """Looks at every home's position in the slot that is running, whose gates are all closed."""

    def __init__(self, chain: VerifiedChain, vdg: str, homes: Iterable[Home], slot_at: Callable[[float], int]) -> None:
        self._chain = chain
        self._vdg = vdg
        self._homes = list(homes)
        self._slot_at = slot_at

    async def run(self, pause_seconds: float) -> None:
        """Look once a slot, until cancelled. Raises: Unverified, GatewayError."""
        seen = -1
        while True:
            await asyncio.sleep(pause_seconds)
            slot = self._slot_at(time.time())
            if slot > max(seen, 0):
                seen = slot
                try:
                    for home in self._homes:
                        await self.check(home, slot)
                except Unavailable as error:
                    log.warning("positions of slot %d could not be compared: %s", slot, error)

    async def check(self, home: Home, slot: int) -> None:
        """Compare one home's position. Raises: Unverified CONTRADICTION."""
        ends_at = time.monotonic() + _BEHIND_SECONDS
        while True:
            answer = await self._chain.query(GetPositionRequest(self._vdg, slot, home.account.address))
            proved = (answer.position.bought_wh, answer.position.sold_wh)
            known = tuple(home.account.contracted_wh(slot, side) for side in (Side.SIDE_BID, Side.SIDE_ASK))
            if proved == known or (await self._chain.query(GetSlotRequest(self._vdg, slot))).found:
                return
            if time.monotonic() > ends_at:
                text = (
                    f"{home.id}: slot {slot}: the state has {proved} Wh bought and sold, the contracts that the "
                    f"gateway told of come to {known}: it keeps some back, or made some up"
                )
                raise Unverified(Reason.CONTRADICTION, text)
            await asyncio.sleep(0.2)
