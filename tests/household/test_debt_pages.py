"""What an account owes is read to the last page."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from clients.common.chain import Chain as GatewayChain
from clients.household.account import Account
from clients.household.chain_state import read_debts
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address
from wire.ledger import ListDebtsRequest, ListDebtsResponse

SUPPLIER = address("supplier")


class OneAPage:
    """The application, asked through pages of one debt."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self.asked = 0

    async def query(self, request: Any) -> Any:
        """As Chain.query."""
        assert isinstance(request, ListDebtsRequest)
        self.asked += 1
        return self._chain.query(request._replace(limit=1), ListDebtsResponse)


def test_all_debts_are_known_however_many_pages_they_fill() -> None:
    document = world.genesis()
    document["ledger"] = {"balances": []}
    chain = Chain(document)
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": -5, "bob": -6, "cid": -7, "dee": 0}))
    chain.block()
    supplier, asked = Account(SUPPLIER), OneAPage(chain)
    asyncio.run(read_debts(cast(GatewayChain, asked), supplier))
    assert {creditor[1:21]: neur for (creditor, _), neur in supplier.debts.items()} == {
        address(home): energy_wh * world.SELL_PRICE for home, energy_wh in (("ann", 5), ("bob", 6), ("cid", 7))
    }
    assert asked.asked == 3
