"""What is in escrow backs live bids and contracts, to the nano-euro: checked at every block over what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken
from wire.ledger import EUR, Balance, account_holder
from wire.market import Contract, Order, Side

_ORDERS, _CONTRACTS = b"market/o", b"market/c"
_BALANCES = b"ledger/b" + EUR.encode() + b"/" + account_holder(b"")


def check_escrow(before: Context, changes: Mapping[bytes, Any]) -> None:
    """Every account's escrow changes by what its bids and bought contracts change by.

    Raises: InvariantBroken.
    """
    unbacked: dict[bytes, int] = {}

    def count(account: bytes, neur: int) -> None:
        unbacked[account] = unbacked.get(account, 0) + neur

    for key, after in changes.items():
        if key.startswith(_ORDERS):
            for order, sign in ((after, 1), (before.state.get(key, Order), -1)):
                if order is not None and order.side is Side.SIDE_BID:
                    count(order.account, sign * order.energy_wh * order.limit_price_neur_per_wh)
        elif key.startswith(_CONTRACTS):
            for contract, sign in ((after, 1), (before.state.get(key, Contract), -1)):
                if contract is not None:
                    count(contract.buyer, sign * contract.energy_wh * contract.buy_price_neur_per_wh)
        elif key.startswith(_BALANCES):
            old = before.state.get(key, Balance)
            count(key[len(_BALANCES) :], (old.escrow_neur if old else 0) - after.escrow_neur)
    for account, neur in unbacked.items():
        if neur:
            raise InvariantBroken(
                f"account {account.hex()}: the block at height {before.height} changes its bids and contracts by "
                f"{neur} nEUR more than its escrow"
            )
