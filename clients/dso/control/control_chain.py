"""The chain as a session of real-time control needs it."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from clients.common.chain import Chain
from clients.common.errors import ChainError, Refused
from clients.common.wallet import Wallet
from clients.dso.grid_chain import ChainUnavailable, Outcome
from wire.asset import Asset, ListAssetsRequest
from wire.control import (
    CloseControl,
    ControlSession,
    GetGridControlRequest,
    GetSessionRequest,
    GridControl,
    ListPhaseOrdersRequest,
    ListSwitchesRequest,
    OpenControl,
    PhaseOrder,
    PostPhaseOrder,
    PostSignal,
    Switch,
)
from wire.results import Code

_PAGE = 500
_QUERY_PATIENCE_SECONDS = 5.0
_EXPIRY_SECONDS = 30


class ControlChain(Protocol):
    """One grid's control on a chain. Every method may raise ChainUnavailable."""

    async def submit(self, message: OpenControl | PostSignal | CloseControl | PostPhaseOrder) -> Outcome:
        """Send a transaction and wait for its result."""
        ...

    async def grid_control(self) -> GridControl:
        """Limits of switching, and which session is open."""
        ...

    async def session(self, slot: int, number: int) -> ControlSession | None:
        """A session as it stands."""
        ...

    async def assets(self, account: bytes) -> list[Asset]:
        """An account's registered devices."""
        ...

    async def switches(self) -> list[Switch]:
        """All phase switches."""
        ...

    async def phase_orders(self, slot: int) -> list[PhaseOrder]:
        """A slot's phase orders."""
        ...


class GatewayControlChain:
    """A ControlChain through a gateway."""

    def __init__(self, chain: Chain, wallet: Wallet, vdg: str, patience_s: float) -> None:
        """``patience_s``: how long ``submit`` waits for a result."""
        self._chain = chain
        self._wallet = wallet
        self._vdg = vdg
        self._patience_s = patience_s

    async def submit(self, message: OpenControl | PostSignal | CloseControl | PostPhaseOrder) -> Outcome:
        """See ControlChain. Sent again, a signal or an end is refused, so nothing happens twice."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._chain.submit(self._wallet, message, expires_in_s=_EXPIRY_SECONDS)
        except Refused as refused:
            return Outcome(refused.code, refused.message)
        except TimeoutError as error:
            raise ChainUnavailable(f"no result within {self._patience_s:g} s") from error
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error
        return Outcome(Code.OK, "")

    async def grid_control(self) -> GridControl:
        """See ControlChain."""
        control: GridControl | None = (await self._ask(GetGridControlRequest(self._vdg))).control
        return control or GridControl(self._vdg)

    async def session(self, slot: int, number: int) -> ControlSession | None:
        """See ControlChain."""
        session: ControlSession | None = (await self._ask(GetSessionRequest(self._vdg, slot, number))).session
        return session

    async def assets(self, account: bytes) -> list[Asset]:
        """See ControlChain."""
        assets: tuple[Asset, ...] = (await self._ask(ListAssetsRequest(account))).assets
        return [asset for asset in assets if asset.vdg == self._vdg]

    async def switches(self) -> list[Switch]:
        """See ControlChain."""
        return [
            switch
            for page in await self._pages(ListSwitchesRequest(self._vdg, limit=_PAGE))
            for switch in page.switches
        ]

    async def phase_orders(self, slot: int) -> list[PhaseOrder]:
        """See ControlChain."""
        request = ListPhaseOrdersRequest(self._vdg, slot, limit=_PAGE)
        return [order for page in await self._pages(request) for order in page.orders]

    async def _pages(self, request: Any) -> list[Any]:
        try:
            return [page async for page in self._chain.pages(request)]
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error

    async def _ask(self, request: Any) -> Any:
        try:
            return await self._chain.query(request, patience_seconds=_QUERY_PATIENCE_SECONDS)
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error
