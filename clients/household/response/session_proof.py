"""What a gateway told of sessions of real-time control, held against the chain's state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from clients.common.chain import Chain
from clients.common.errors import ChainError
from wire.control import ControlSession, ControlSignal, GetSessionRequest, ListSignalsRequest
from wire.unverified import Reason, Unverified

log = logging.getLogger(__name__)

_SIGNALS_A_PAGE = 100
# By then the state must show what was told of it.
_PROOF_SECONDS = 15.0
_PROOF_RETRY_SECONDS = 0.2


class SessionProofs:
    """Proves sessions that have ended, one after another."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._to_prove: asyncio.Queue[tuple[ControlSession, Mapping[int, ControlSignal]]] = asyncio.Queue()

    def add(self, told: ControlSession, answered: Mapping[int, ControlSignal]) -> None:
        """A session as its end was told, and the signals that homes have answered, by iteration."""
        self._to_prove.put_nowait((told, answered))

    async def run(self) -> None:
        """Prove until cancelled. Raises: Unverified when the state doesn't show what was told."""
        while True:
            told, answered = await self._to_prove.get()
            try:
                async with asyncio.timeout(_PROOF_SECONDS):
                    await self._prove(told, answered)
            except (ChainError, TimeoutError) as error:
                what = (told.session, told.slot, told.vdg, error or "time")
                log.warning("session %s of slot %d of %s is not proved: %s", *what)

    async def signals(self, session: ControlSession) -> list[ControlSignal]:
        """All signals of a session. Raises: ChainError."""
        request = ListSignalsRequest(session.vdg, session.slot, session.session, limit=_SIGNALS_A_PAGE)
        signals: list[ControlSignal] = []
        while True:
            page = await self._chain.query(request)
            signals += page.signals
            if not page.next_page_token:
                return signals
            request = request._replace(page_token=page.next_page_token)

    async def _prove(self, told: ControlSession, answered: Mapping[int, ControlSignal]) -> None:
        """See that the state has the session as it was told, with the signals that homes have answered.

        Raises: Unverified CONTRADICTION.
        """
        request = GetSessionRequest(told.vdg, told.slot, told.session)
        while (proved := (await self._chain.query(request)).session) is None or not proved.outcome:
            await asyncio.sleep(_PROOF_RETRY_SECONDS)
        signals = {signal.iteration: signal for signal in await self.signals(proved)}
        if proved != told or any(signals.get(iteration) != signal for iteration, signal in answered.items()):
            raise Unverified(
                Reason.CONTRADICTION, f"the gateway told of {told} with {answered}; the state has {proved}, {signals}"
            )
