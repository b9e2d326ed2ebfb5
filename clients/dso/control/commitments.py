"""What homes have committed to on the chain, x-hat of (6.1), slot by slot."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable

from clients.common.chain import Chain
from clients.common.errors import ChainError, HistoryGone
from clients.common.slots import SlotClock
from wire.market import Contract, ContractMade, ListContractsRequest
from wire.settlement import FlowDeclared, GetDeclarationRequest

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_PAGE = 500
_READ_SLOTS = 13


class Commitments:
    """Follows one grid's contracts and declarations; those of past slots are forgotten."""

    def __init__(self, chain: Chain, vdg: str, accounts: Iterable[bytes], clock: SlotClock) -> None:
        self._chain = chain
        self._vdg = vdg
        self._accounts = tuple(accounts)
        self._clock = clock
        self._contracts: dict[int, dict[str, Contract]] = defaultdict(dict)
        self._declared_wh: dict[int, dict[bytes, int]] = defaultdict(dict)

    def of(self, slot: int) -> dict[bytes, int]:
        """The commitment of each account that has one, Wh, positive = taken."""
        committed = dict(self._declared_wh.get(slot, {}))
        for contract in self._contracts.get(slot, {}).values():
            committed[contract.buyer] = committed.get(contract.buyer, 0) + contract.energy_wh
            committed[contract.seller] = committed.get(contract.seller, 0) - contract.energy_wh
        return committed

    def _forget_before(self, slot: int) -> None:
        for by_slot in (self._contracts, self._declared_wh):
            for old in [number for number in by_slot if number < slot]:
                del by_slot[old]

    async def run(self) -> None:
        """Follow until cancelled, from what stands on the chain for the running slot and the next ones."""
        while True:
            try:
                start = await self._chain.cursor()
                running = self._clock.slot_at(time.time())
                await self._read(range(running, running + _READ_SLOTS))
                types = (ContractMade, FlowDeclared)
                async for event in self._chain.events(start=start, types=types):
                    self._take(event.value)
                    self._forget_before(self._clock.slot_at(time.time()) - 1)
            except HistoryGone:
                log.warning("contracts are read anew: the chain's history is gone")
            except ChainError as error:
                log.warning("contracts can't be followed: %s; trying again", error)
            await asyncio.sleep(_RETRY_SECONDS)

    def _take(self, event: ContractMade | FlowDeclared) -> None:
        match event:
            case ContractMade(contract=contract) if contract is not None and contract.vdg == self._vdg:
                self._contracts[contract.slot][contract.contract_id] = contract
            case FlowDeclared(vdg=self._vdg):
                self._declared_wh[event.slot][event.account] = event.supplier_flow_wh

    async def _read(self, slots: range) -> None:
        for slot in slots:
            async for page in self._chain.pages(ListContractsRequest(self._vdg, slot, limit=_PAGE)):
                for contract in page.contracts:
                    self._contracts[slot][contract.contract_id] = contract
        # Those of later slots are declared later, and told by events.
        for account in self._accounts:
            for slot in slots[:2]:
                declared = await self._chain.query(GetDeclarationRequest(self._vdg, slot, account))
                if declared.declaration is not None:
                    self._declared_wh[slot][account] = declared.declaration.supplier_flow_wh
