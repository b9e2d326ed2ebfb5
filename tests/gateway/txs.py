"""Signed transactions for the tests."""

from __future__ import annotations

from typing import Any

from clients.common.wallet import Wallet
from tests.gateway.chain_host import CHAIN_ID, wallet
from tests.gateway.serving import Client
from wire import ledger
from wire.tx import TxBody, assemble

SINK = wallet(0)
"""Who gets the money; sends nothing."""


def signed(sender: Wallet, message: Any, nonce: int, expires_s: int, chain_id: str = CHAIN_ID) -> bytes:
    return assemble(TxBody(chain_id, sender.address, nonce, expires_s, message), sender.sign)


async def transfer(one: Client, sender: Wallet, nonce: int = 1, amount_neur: int = 1) -> bytes:
    """A transfer to the sink, good for a minute."""
    message = ledger.Transfer(SINK.address, amount_neur)
    return signed(sender, message, nonce, await one.now_s() + 60)
