"""Escrow backs bids and contracts to the nano-euro, availability asks and contracts to the Wh: checked at every block.

Over what the block changed: what was right before stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.numbers import split_evenly
from abci_app.core.refusal import InvariantBroken
from abci_app.modules.market.keys import PRODUCTS, parse_book_key
from abci_app.modules.names import slot_account_key
from wire.asset import Availability
from wire.ledger import EUR, Balance, account_holder
from wire.market import Contract, Order, Side

_ORDERS, _CONTRACTS, _AVAILABILITY = b"market/o", b"market/c", b"asset/v"
_BALANCES = b"ledger/b" + EUR.encode() + b"/" + account_holder(b"")
_ADDRESS_BYTES = 20


def check_backing(before: Context, changes: Mapping[bytes, Any]) -> None:
    """Escrow changes by what bids and bought contracts do, held availability by what asks and sold contracts do.

    Raises: InvariantBroken.
    """
    unbacked_neur: dict[bytes, int] = {}
    unbacked_wh: dict[bytes, int] = {}

    def count(unbacked: dict[bytes, int], key: bytes, amount: int) -> None:
        unbacked[key] = unbacked.get(key, 0) + amount

    for key, after in changes.items():
        if key.startswith(_ORDERS):
            for order, sign in ((after, 1), (before.state.get(key, Order), -1)):
                if order is None:
                    continue
                if order.side is Side.SIDE_BID:
                    count(unbacked_neur, order.account, sign * order.energy_wh * order.limit_price_neur_per_wh)
                    continue
                vdg, product, slot = parse_book_key(key[len(_ORDERS) : -_ADDRESS_BYTES])
                for index, energy_wh in enumerate(
                    split_evenly(order.energy_wh, _block_slots(before, changes, product))
                ):
                    count(unbacked_wh, slot_account_key(vdg, slot + index, order.account), sign * energy_wh)
        elif key.startswith(_CONTRACTS):
            for contract, sign in ((after, 1), (before.state.get(key, Contract), -1)):
                if contract is not None:
                    sold = slot_account_key(contract.vdg, contract.slot, contract.seller)
                    count(unbacked_wh, sold, sign * contract.energy_wh)
                    count(unbacked_neur, contract.buyer, sign * contract.energy_wh * contract.buy_price_neur_per_wh)
        elif key.startswith(_BALANCES):
            balance = before.state.get(key, Balance)
            count(unbacked_neur, key[len(_BALANCES) :], (balance.escrow_neur if balance else 0) - after.escrow_neur)
        elif key.startswith(_AVAILABILITY):
            held = before.state.get(key, Availability)
            held_wh = (held.held_wh if held else 0) - (after.held_wh if after else 0)
            count(unbacked_wh, key[len(_AVAILABILITY) :], held_wh)
    for account, neur in unbacked_neur.items():
        if neur:
            raise InvariantBroken(
                f"account {account.hex()}: the block at height {before.height} changes its bids and contracts by "
                f"{neur} nEUR more than its escrow"
            )
    for slot_key, energy_wh in unbacked_wh.items():
        if energy_wh:
            raise InvariantBroken(
                f"availability {slot_key.hex()}: the block at height {before.height} changes its asks and contracts by "
                f"{energy_wh} Wh more than what is held for them"
            )


def _block_slots(before: Context, changes: Mapping[bytes, Any], product: str) -> int:
    """How many slots an order of a product is for; the first block writes the products itself."""
    name = product.encode()
    found = changes.get(PRODUCTS.base + name) or PRODUCTS.get(before.state, name)
    if found is None:
        raise InvariantBroken(f"an order is for product {product!r}, which there is not")
    return int(found.block_slots)
