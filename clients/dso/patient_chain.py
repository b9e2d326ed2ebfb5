"""The chain asked by the DSO, whose work outlives it: what fails for a while is ChainUnavailable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from clients.common.chain import Chain
from clients.common.errors import ChainError, Refused
from clients.dso.grid_chain import ChainUnavailable, Outcome
from wire.results import Code

_QUERY_PATIENCE_SECONDS = 5.0


class PatientChain:
    """``patience_s``: how long a transaction's result is waited for."""

    def __init__(self, chain: Chain, patience_s: float) -> None:
        self._chain = chain
        self._patience_s = patience_s

    async def ask(self, request: Any) -> Any:
        """The response. Raises: ChainUnavailable."""
        try:
            return await self._chain.query(request, patience_seconds=_QUERY_PATIENCE_SECONDS)
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error

    async def pages(self, request: Any) -> AsyncIterator[Any]:
        """The responses, page by page. Raises: ChainUnavailable."""
        try:
            async for response in self._chain.pages(request, patience_seconds=_QUERY_PATIENCE_SECONDS):
                yield response
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error

    async def outcome(self, sending: Coroutine[Any, Any, object], if_late: str = "") -> Outcome:
        """What became of a transaction that is being sent; ``if_late`` says what of one without a result in time.

        Raises: ChainUnavailable.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                await sending
        except Refused as refused:
            return Outcome(refused.code, refused.message)
        except TimeoutError as error:
            raise ChainUnavailable(f"no result within {self._patience_s:g} s{if_late}") from error
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error
        return Outcome(Code.OK, "")
