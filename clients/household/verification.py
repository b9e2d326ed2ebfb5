"""What the agent believes of a gateway: nothing about its homes but what is proved under the validators' signatures."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import grpc

from clients.common.chain import Chain
from clients.common.clock import ChainClock
from clients.common.errors import Unavailable
from clients.common.query import DEFAULT_PATIENCE_SECONDS
from clients.common.state_file import StateFile
from clients.common.submit import DEFAULT_EXPIRY_SECONDS, Receipt
from clients.common.subscribe import Cursor, EventBatch
from clients.common.verified import VerifiedReads
from clients.common.wallet import Wallet
from wire import state_keys as at
from wire.light.client import BlockUnavailable
from wire.light.hashing import NANOSECONDS
from wire.market import Contract, ContractMade
from wire.settlement import HouseholdSettled, HouseholdSettlement
from wire.state_keys import Item
from wire.unverified import Reason, Unverified
from wire.verifiable import VERIFIABLE

log = logging.getLogger(__name__)

# Events of older blocks are history, of which the state may have forgotten some.
_FRESH_SECONDS: Final = 60


class VerifiedChain(Chain):
    """A chain whose queries, contracts and settlements are verified, once ``verify_with`` was called.

    Queries of `wire.verifiable` are answered from proofs, of a state that is as new as whatever was seen or done
    before. Events are passed on once the state shows what they say. Everything raises Unverified when the gateway
    says what is not so.
    """

    def __init__(self, channel: grpc.aio.Channel, state: StateFile, clock: ChainClock) -> None:
        """Use `open`."""
        super().__init__(channel, state, clock)
        self._reads: VerifiedReads | None = None
        self._seen_height = 0
        self._lie: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def until_a_lie(self) -> None:
        """Return never; raises Unverified once a query has met a lie, whatever its asker did about it."""
        await self._lie

    def verify_with(self, reads: VerifiedReads) -> None:
        """Believe only what these reads prove, from now on."""
        self._reads = reads

    async def query(self, request: Any, *, patience_seconds: float = DEFAULT_PATIENCE_SECONDS) -> Any:
        """As Chain.query. Raises: Unverified."""
        if self._reads is not None and type(request) in VERIFIABLE:
            try:
                return await self._reads.ask(request, at_least=self._seen_height, patience_seconds=patience_seconds)
            except Unverified as refusal:
                if refusal.reason is not Reason.UNPROVABLE:
                    self._remember(refusal)
                    raise
        return await super().query(request, patience_seconds=patience_seconds)

    async def submit(
        self, wallet: Wallet, message: Any, *, key: str | None = None, expires_in_s: int = DEFAULT_EXPIRY_SECONDS
    ) -> Receipt:
        """As Chain.submit; what is read afterwards is the state after it."""
        receipt = await super().submit(wallet, message, key=key, expires_in_s=expires_in_s)
        self._seen_height = max(self._seen_height, receipt.height)
        return receipt

    async def batches(
        self, *, start: Cursor | None = None, types: Sequence[type[Any]] = (), accounts: Sequence[bytes] = ()
    ) -> AsyncGenerator[EventBatch, None]:
        """As Chain.batches, each batch once its contracts and settlements are verified. Raises: Unverified."""
        async for batch in super().batches(start=start, types=types, accounts=accounts):
            told = [event.value for event in batch.events]
            contracts = [one.contract for one in told if isinstance(one, ContractMade) and one.contract]
            settled = [
                one.settlement for one in told if isinstance(one, HouseholdSettled) and one.settlement is not None
            ]
            if contracts or settled:
                await self.verify_events(contracts, settled, batch.height, batch.time_ns)
            yield batch

    async def verify_events(
        self,
        contracts: Sequence[Contract],
        settled: Sequence[HouseholdSettlement],
        height: int,
        time_ns: int,
    ) -> None:
        """See that the state after a block shows its contracts and settlements.

        Raises: Unverified CONTRADICTION when it shows others or, for a block of the last minute, none.
        """
        reads = self._reads
        if reads is None:
            return
        claims: list[tuple[Item[Any], Any]] = [(_contract_item(one), one) for one in contracts]
        claims += [(_settlement_item(one), one) for one in settled]
        fresh = reads.light.now_ns() - time_ns < _FRESH_SECONDS * NANOSECONDS
        proven = await self._prove([item for item, _ in claims], height)
        missing = []
        for (item, claimed), found in zip(claims, proven, strict=True):
            if found is not None and found != claimed:
                text = f"height {height}: the gateway tells of {claimed}, the state has {found}"
                raise Unverified(Reason.CONTRADICTION, text)
            if found is None and fresh:
                missing.append((item, claimed))
        if missing:
            await self._check_gone([claimed for _, claimed in missing], height)

    async def _check_gone(self, missing: Sequence[Any], height: int) -> None:
        """Contracts may be gone from the state, because their slot is settled; nothing else may."""
        slots = sorted({(one.vdg, one.slot) for one in missing if isinstance(one, Contract)})
        done = await self._prove([at.SLOT_SETTLEMENTS.at(at.slot_key(*slot)) for slot in slots], height)
        settled = {slot for slot, record in zip(slots, done, strict=True) if record is not None}
        for one in missing:
            if not isinstance(one, Contract) or (one.vdg, one.slot) not in settled:
                text = f"height {height}: the gateway tells of {one}, which the state does not have"
                raise Unverified(Reason.CONTRADICTION, text)

    def _remember(self, lie: Unverified) -> None:
        if not self._lie.done():
            self._lie.set_exception(lie)
            # Nobody may be waiting any more, because the same lie ends everything already.
            self._lie.exception()

    async def _prove(self, items: Sequence[Item[Any]], height: int) -> list[Any]:
        """Proved values, at least as new as a block; waits for the gateway where it does not answer."""
        if self._reads is None or not items:
            return []
        while True:
            try:
                async with asyncio.timeout(DEFAULT_PATIENCE_SECONDS):
                    return [proven.value for proven in await self._reads.prove(items, at_least=height)]
            except (BlockUnavailable, Unavailable, TimeoutError) as error:
                log.warning("waiting for a gateway, to verify what it told: %s", error or "no answer")


def _contract_item(contract: Contract) -> Item[Any]:
    try:
        return at.CONTRACTS.at(at.contract_key_of(contract.contract_id))
    except ValueError as error:
        raise Unverified(Reason.CONTRADICTION, f"the gateway tells of a contract that can't be one: {error}") from error


def _settlement_item(settled: HouseholdSettlement) -> Item[Any]:
    return at.HOUSEHOLDS.at(at.slot_account_key(settled.vdg, settled.slot, settled.account))
