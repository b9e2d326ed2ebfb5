"""A payer who pays one nano-euro more each time, so that a payment is known by its amount."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

from clients.common.chain import Chain
from clients.common.errors import Expired
from clients.common.wallet import Wallet
from wire.ledger import Transfer

BALANCE_NEUR = 10**12
PAUSE_SECONDS = 0.02


def wallet(number: int) -> Wallet:
    """One of the wallets of `genesis`."""
    return Wallet.from_seed((1000 + number).to_bytes(32, "big"))


def genesis(wallets: int) -> dict[str, Any]:
    """So many households with money, and an operator: the rule on misbehaviour is part of governance."""
    members = [wallet(number) for number in range(wallets)]
    accounts = [{"public_key": one.public_key.hex(), "roles": ["household"]} for one in members]
    operator = {"public_key": wallet(wallets).public_key.hex(), "roles": ["operator"]}
    return {
        "governance": {},
        "accounts": {"accounts": [*accounts, operator]},
        "ledger": {"balances": [{"account": one.address.hex(), "amount_neur": BALANCE_NEUR} for one in members]},
    }


class Payer:
    """Pays through a gateway, one payment after the other.

    Attributes:
        paid: the amounts that were confirmed (nEUR).
        expired: the amounts that were in no block in time (nEUR).
        delays_s: from each confirmed payment's submission to its confirmation, with the time when that came.
    """

    def __init__(self, sender: Wallet, receiver: Wallet) -> None:
        self.sender = sender
        self._receiver = receiver
        self.paid: list[int] = []
        self.expired: list[int] = []
        self.delays_s: list[tuple[float, float]] = []

    async def pay(self, chain: Chain, stop: asyncio.Event) -> None:
        """Until it is to stop; what has been sent by then is waited for."""
        for amount_neur in itertools.count(1):
            if stop.is_set():
                return
            started_s = time.monotonic()
            try:
                await chain.submit(self.sender, Transfer(self._receiver.address, amount_neur))
                self.paid.append(amount_neur)
                self.delays_s.append((time.monotonic(), time.monotonic() - started_s))
            except Expired:
                # No block came in time: the chain never executes it.
                self.expired.append(amount_neur)
            await asyncio.sleep(PAUSE_SECONDS)
