"""Chains in a state that several rows need."""

from __future__ import annotations

from typing import Any

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, sign_with
from tests.app.world import VDG
from wire.accounts import Role
from wire.codec import encode
from wire.ledger import Transfer
from wire.tx import Tx, TxBody, tx_sign_bytes

HOUSEHOLD = (Role.ROLE_HOUSEHOLD,)


def body(chain: Chain, **changes: Any) -> TxBody:
    """A good body of ann's: one nano-euro to bob."""
    plain = TxBody(world.CHAIN_ID, address("ann"), 1, chain.time_s + 600, Transfer(address("bob"), 1))
    return plain._replace(**changes)


def signed(data: bytes, key: str = "ann") -> bytes:
    """An envelope around any bytes, signed as ann would."""
    return encode(Tx(data, sign_with(key, tx_sign_bytes(world.CHAIN_ID, data))))


def settled(chain: Chain, flows: dict[str, int] | None = None) -> None:
    """Slot 10, traded, proved and settled; ann holds a certificate of 400 Wh."""
    chain.trade(10)
    chain.go_to_slot(11)
    chain.do("dso", chain.proofs(10, flows or {"ann": 400, "bob": 0, "cid": -400, "dee": 0}))
    chain.block()


def indebted(chain: Chain) -> None:
    """Ann owes the supplier for slot 0."""
    free = chain.balance("ann").free_neur
    chain.do("ann", Transfer(address("bob"), free - 1_000_000))
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": 100, "bob": 0, "cid": 0, "dee": 0}))
    chain.block()


CERTIFICATE = f"{VDG}/10/intraday/0"
