"""A home whose money ran short, or that is in debt: it offers within what is free, and pays."""

from __future__ import annotations

import logging
import time

from clients.common.chain import Chain
from clients.household.chain_state import read_free_neur
from clients.household.database import Database
from clients.household.home import Home
from clients.household.sender import Sender
from wire.ledger import PayDebt

log = logging.getLogger(__name__)


async def look_after_money(chain: Chain, database: Database, sender: Sender, home: Home, expires_s: int) -> None:
    """Ask what is free; end the budget when it is enough again, and pay debts with it, in their order.

    ``expires_s``: until when payments may be in a block (Unix seconds). Raises: what reading and sending do.
    """
    account = home.account
    free_neur = await read_free_neur(chain, account)
    if account.budget_neur is not None:
        wanted = sum(order.escrow_neur for order in account.orders.values())
        account.budget_neur = None if free_neur > wanted else free_neur
    if account.debts:
        owed = sum(account.debts.values())
        database.alarm(home.id, int(time.time()), f"in debt: {owed} neur; no orders until it is paid")
        log.warning("%s owes %d neur and has %d: no orders until it is paid", home.id, owed, free_neur)
    for (creditor, reason), amount_neur in list(account.debts.items()):
        payment = min(amount_neur, free_neur)
        if payment > 0:
            free_neur -= payment
            await sender.send(home, [(PayDebt(creditor, reason, payment), expires_s)])
    if not account.debts:
        database.alarm(home.id, int(time.time()), "")
