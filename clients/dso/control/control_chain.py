"""The chain as a session of real-time control needs it."""

from __future__ import annotations

from typing import Protocol

from clients.common.chain import Chain
from clients.common.wallet import Wallet
from clients.dso.grid_chain import Outcome
from clients.dso.patient_chain import PatientChain
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

_PAGE = 500
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
        self._patient = PatientChain(chain, patience_s)

    async def submit(self, message: OpenControl | PostSignal | CloseControl | PostPhaseOrder) -> Outcome:
        """See ControlChain. Sent again, a signal or an end is refused, so nothing happens twice."""
        return await self._patient.outcome(self._chain.submit(self._wallet, message, expires_in_s=_EXPIRY_SECONDS))

    async def grid_control(self) -> GridControl:
        """See ControlChain."""
        control: GridControl | None = (await self._patient.ask(GetGridControlRequest(self._vdg))).control
        return control or GridControl(self._vdg)

    async def session(self, slot: int, number: int) -> ControlSession | None:
        """See ControlChain."""
        session: ControlSession | None = (await self._patient.ask(GetSessionRequest(self._vdg, slot, number))).session
        return session

    async def assets(self, account: bytes) -> list[Asset]:
        """See ControlChain."""
        request = ListAssetsRequest(account)
        assets = [asset async for page in self._patient.pages(request) for asset in page.assets]
        return [asset for asset in assets if asset.vdg == self._vdg]

    async def switches(self) -> list[Switch]:
        """See ControlChain."""
        request = ListSwitchesRequest(self._vdg, limit=_PAGE)
        return [switch async for page in self._patient.pages(request) for switch in page.switches]

    async def phase_orders(self, slot: int) -> list[PhaseOrder]:
        """See ControlChain."""
        request = ListPhaseOrdersRequest(self._vdg, slot, limit=_PAGE)
        return [order async for page in self._patient.pages(request) for order in page.orders]
