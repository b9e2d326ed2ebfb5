"""The grid's chain through a gateway, by the client library."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from clients.common.chain import Chain
from clients.common.errors import ChainError
from clients.common.subscribe import Cursor
from clients.common.wallet import Wallet
from clients.dso.grid_chain import ChainUnavailable, Outcome
from clients.dso.patient_chain import PatientChain
from wire.codec import encode
from wire.events import event_name
from wire.flowproof import FlowProof, ListProofsRequest, SubmitProofs
from wire.grid import (
    GetGridRequest,
    Grid,
    GridChanged,
    ListMembersRequest,
    ListTermsRequest,
    Member,
    MemberAdded,
    SetCaps,
    SetRebates,
    SlotTerms,
)
from wire.results import Code

_PAGE = 500
_POLL_SECONDS = 0.05


class GatewayChain:
    """A GridChain. A message is sent under a name made of its content: sent again, also after a restart, it is the
    same transaction, unless the chain refused it.
    """

    def __init__(self, chain: Chain, wallet: Wallet, vdg: str, patience_s: float) -> None:
        """``patience_s``: how long ``submit`` waits for a result."""
        self._chain = chain
        self._wallet = wallet
        self._vdg = vdg
        self._patient = PatientChain(chain, patience_s)
        self._refusals: Counter[str] = Counter()

    async def grid(self) -> Grid:
        """See GridChain. Raises: LookupError when the chain has no such grid."""
        response = await self._patient.ask(GetGridRequest(self._vdg))
        if not response.found:
            raise LookupError(
                f"vdg = {self._vdg}: chain {self._chain.chain_id} has no such grid; correct vdg, or have the registrar"
                " create it"
            )
        grid: Grid = response.grid
        return grid

    async def members(self) -> list[Member]:
        """See GridChain."""
        request = ListMembersRequest(self._vdg, limit=_PAGE)
        return [member async for page in self._patient.pages(request) for member in page.members]

    async def proofs(self, slot: int) -> list[FlowProof]:
        """See GridChain."""
        request = ListProofsRequest(self._vdg, slot, limit=_PAGE)
        return [proof async for page in self._patient.pages(request) for proof in page.proofs]

    async def terms(self, first_slot: int, slots: int) -> Sequence[SlotTerms]:
        """See GridChain."""
        response = await self._patient.ask(ListTermsRequest(self._vdg, first_slot, slots))
        terms: tuple[SlotTerms, ...] = response.terms
        return terms

    async def wait_for_block_after(self, time_s: int) -> None:
        """See GridChain."""
        try:
            first = await self._chain.status()
            status = first
            while status.time_ns < time_s * 10**9 and status.height == first.height:
                await asyncio.sleep(_POLL_SECONDS)
                status = await self._chain.status()
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error

    async def submit(self, message: SubmitProofs | SetRebates | SetCaps) -> Outcome:
        """See GridChain. Without a result in time it goes on by itself, and the next call waits for it again."""
        name = f"{event_name(type(message))}/{hashlib.sha256(encode(message)).hexdigest()}"
        sending = self._chain.submit(self._wallet, message, key=f"{name}/{self._refusals[name]}")
        outcome = await self._patient.outcome(sending, "; it is still being sent")
        if outcome.code is not Code.OK:
            self._refusals[name] += 1
        return outcome

    async def changes(self) -> AsyncIterator[None]:
        """Yields at the start, and after each change of the grid or its members that the chain tells of.

        Raises: ChainUnavailable when the stream can't go on.
        """
        try:
            start = Cursor((await self._chain.status()).height + 1)
            yield None
            async for event in self._chain.events(start=start, types=[MemberAdded, GridChanged]):
                if _vdg_of(event.value) == self._vdg:
                    yield None
        except ChainError as error:
            raise ChainUnavailable(str(error)) from error


def _vdg_of(event: object) -> str:
    if isinstance(event, MemberAdded):
        return event.vdg
    return event.grid.vdg if isinstance(event, GridChanged) and event.grid is not None else ""
