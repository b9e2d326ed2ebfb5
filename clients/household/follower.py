"""Following the chain: contracts and settlements of own homes, each counted once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from clients.common.chain import Chain
from clients.common.subscribe import Cursor, EventBatch
from clients.household.database import Database
from clients.household.home import Home
from wire.market import Contract, ContractMade
from wire.settlement import HouseholdSettled, HouseholdSettlement

log = logging.getLogger(__name__)

# The place is kept with every block that brought something, and after so many that did not.
_QUIET_BLOCKS = 20


class Follower:
    """Applies a stream's events to homes by address.

    ``block_seen`` gets each block's time (Unix seconds) when it is done, ``contracted`` each home with new contracts,
    ``indebted`` each that could not pay for a slot.
    """

    def __init__(
        self,
        chain: Chain,
        database: Database,
        homes: Mapping[bytes, Home],
        block_seen: Callable[[float], None],
        contracted: Callable[[Home], None],
        indebted: Callable[[Home], None],
    ) -> None:
        self._chain = chain
        self._database = database
        self._homes = homes
        self._block_seen = block_seen
        self._contracted = contracted
        self._indebted = indebted
        self._kept_height = 0

    async def run(self, start: Cursor) -> None:
        """Follow from a place on until cancelled. Raises: HistoryGone, WrongChain, GatewayError."""
        self._kept_height = start.height
        types = (ContractMade, HouseholdSettled)
        async for batch in self._chain.batches(start=start, types=types, accounts=list(self._homes)):
            self.take(batch)

    def take(self, batch: EventBatch) -> None:
        """Apply one batch, and keep it with the place behind it."""
        contracts: list[Contract] = []
        settled: list[HouseholdSettlement] = []
        for event in batch.events:
            value = event.value
            if isinstance(value, ContractMade) and value.contract is not None:
                contracts.append(value.contract)
            elif isinstance(value, HouseholdSettled) and value.settlement is not None:
                settled.append(value.settlement)
        if batch.events or batch.height >= self._kept_height + _QUIET_BLOCKS:
            self._database.follow(batch.next, contracts, settled)
            self._kept_height = batch.height
        touched: dict[str, Home] = {}
        for contract in contracts:
            for address in (contract.buyer, contract.seller):
                home = self._homes.get(address)
                if home is not None and home.account.add_contract(contract):
                    touched[home.id] = home
        for item in settled:
            self._settle(item)
        if batch.complete:
            self._block_seen(batch.time_ns / 1e9)
        for home in touched.values():
            self._contracted(home)

    def _settle(self, item: HouseholdSettlement) -> None:
        home = self._homes.get(item.account)
        if home is None or not home.account.settle(item):
            return
        if item.debt_neur:
            log.warning("%s: slot %d left a debt of %d neur", home.id, item.slot, item.debt_neur)
            self._indebted(home)
        log.debug(
            "%s: slot %d settled: flow %d Wh, bought %d, sold %d; bill so far %.6f eur",
            home.id,
            item.slot,
            item.flow_wh,
            item.bought_wh,
            item.sold_wh,
            home.account.bill.total_neur / 1e9,
        )
