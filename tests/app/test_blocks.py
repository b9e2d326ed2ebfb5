"""What the calls around a block promise each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from abci_app import pipeline
from abci_app.app import App
from abci_app.core.refusal import InvariantBroken
from abci_app.modules.asset.keys import AVAILABILITY
from abci_app.modules.ledger.keys import BALANCES, balance_key
from abci_app.modules.market.keys import CONTRACTS, ORDERS
from abci_app.modules.settlement.keys import CERTIFICATES, HOLDINGS
from abci_app.state.collection import Collection
from abci_app.state.store import MemoryStore
from tests.app import world
from tests.app.chain import Chain, codes
from tests.app.keyring import address, public_key_of, sign_with
from wire.accounts import Role, RotateKey, SetFrozen, SetRoles, rotation_bytes
from wire.asset import Availability
from wire.ledger import EUR, Balance, Transfer, account_holder
from wire.market import Contract, Order, Side
from wire.results import Code
from wire.settlement import Certificate, Holding


def test_blocks_come_one_after_the_other() -> None:
    chain = Chain()
    with pytest.raises(InvariantBroken, match="block 3 was asked for after 1"):
        chain.app.finalize_block(3, chain.time_s * 10**9, [])


def test_there_is_no_commit_without_a_finalized_block() -> None:
    with pytest.raises(InvariantBroken, match="without a finalized block"):
        Chain().app.commit()


def test_a_crash_before_the_first_commit_starts_from_genesis_again() -> None:
    document = json.dumps(world.genesis()).encode()
    store = MemoryStore()
    hashes = []
    for _ in range(2):
        app = App(store)
        assert app.last_block.height == 0
        validators = [(public_key_of("validator-1"), 3), (public_key_of("validator-2"), 1)]
        genesis_hash = app.init_chain(world.CHAIN_ID, world.GENESIS_S, validators, document)
        hashes.append((genesis_hash, app.finalize_block(1, (world.GENESIS_S + 1) * 10**9, []).app_hash))
    assert hashes[0] == hashes[1]
    assert list(store.iterate(b"", b"\xff")) == []


def test_a_block_that_was_finalized_but_not_committed_leaves_the_disk_as_it_is() -> None:
    chain = Chain()
    before = chain.stored()
    tx = chain.tx("ann", Transfer(address("bob"), 1))
    first = chain.app.finalize_block(2, (chain.time_s + 1) * 10**9, [tx])
    assert chain.stored() == before
    assert chain.balance("bob").free_neur == 100 * world.EUR
    assert chain.app.finalize_block(2, (chain.time_s + 1) * 10**9, [tx]) == first
    again = App(chain.store)
    assert again.finalize_block(2, (chain.time_s + 1) * 10**9, [tx]) == first
    again.commit()
    assert again.last_block.app_hash == first.app_hash


def test_the_mempool_counts_what_waits_and_forgets_it_with_the_block() -> None:
    chain = Chain()
    first = chain.tx("ann", Transfer(address("bob"), 1))
    assert chain.app.check_tx(first).code is Code.OK
    assert chain.app.check_tx(first).code is Code.NONCE_USED
    chain.block()
    assert chain.app.check_tx(first).code is Code.OK
    chain.block(first)
    assert chain.app.check_tx(first).code is Code.NONCE_USED


def test_a_rotated_key_signs_from_the_next_transaction_on() -> None:
    chain = Chain()
    proof = sign_with("ann-2", rotation_bytes(world.CHAIN_ID, address("ann"), public_key_of("ann-2")))
    rotate = chain.tx("ann", RotateKey(public_key_of("ann-2"), proof))
    old, new = (chain.tx("ann", Transfer(address("bob"), 1), key=key) for key in ("ann", "ann-2"))
    # Both were seen before the block; what was verified then counts for the key of then only.
    chain.app.check_tx(rotate)
    chain.app.check_tx(old)
    assert codes(chain.block(rotate, old, new)) == [Code.OK, Code.BAD_SIGNATURE, Code.OK]
    assert chain.send("ann", Transfer(address("bob"), 1)).code is Code.BAD_SIGNATURE


def test_roles_and_freezing_count_from_the_next_transaction_on() -> None:
    chain = Chain()
    txs = [
        chain.tx("registrar", SetFrozen(address("ann"), True)),
        chain.tx("ann", Transfer(address("bob"), 1)),
        chain.tx("registrar", SetFrozen(address("ann"), False)),
        chain.tx("ann", Transfer(address("bob"), 1)),
        chain.tx("registrar", SetRoles(address("bob"), (Role.ROLE_OPERATOR,))),
        chain.tx("bob", chain.order("bob", "bid", 1, 1, 10)),
    ]
    expected = [Code.OK, Code.SENDER_FROZEN, Code.OK, Code.OK, Code.OK, Code.WRONG_ROLE]
    assert codes(chain.block(*txs)) == expected


ANN = address("ann")
CONTRACT = Contract("x", buyer=ANN, energy_wh=1, buy_price_neur_per_wh=1)
BREACHES: list[tuple[str, Collection[Any], bytes, Any]] = [
    ("changes the sum of all balances", BALANCES, balance_key(EUR, account_holder(ANN)), Balance(1, 0)),
    ("below zero", BALANCES, balance_key(EUR, account_holder(ANN)), Balance(-5, 4 + 100 * world.EUR)),
    ("more than its escrow", BALANCES, balance_key(EUR, account_holder(ANN)), Balance(0, 100 * world.EUR - 1)),
    ("more than its escrow", ORDERS, b"lilas/late/00000000" + ANN, Order(ANN, Side.SIDE_BID, 2, 3)),
    (
        "more than its escrow",
        CONTRACTS,
        b"lilas/00000000x/0000",
        Contract("x", buyer=ANN, energy_wh=1, buy_price_neur_per_wh=1),
    ),
    ("more than what is held", ORDERS, b"lilas/intraday/00000000" + ANN, Order(ANN, Side.SIDE_ASK, 2, 3)),
    (
        "more than what is held",
        CONTRACTS,
        b"lilas/00000000x/0000",
        Contract("x", "lilas", 3, buyer=ANN, seller=ANN, energy_wh=1),
    ),
    ("more than what is held", AVAILABILITY, b"lilas/00000000" + ANN, Availability(6, 5)),
    ("availability", AVAILABILITY, b"lilas/00000000" + ANN, Availability(5, 6)),
    ("neither held nor retired", CERTIFICATES, b"x", Certificate("x", energy_wh=5)),
    ("neither held nor retired", HOLDINGS, ANN + b"x", Holding("x", ANN, 5)),
]


@pytest.mark.parametrize(("words", "collection", "key", "value"), BREACHES)
def test_a_broken_invariant_stops_the_node(
    monkeypatch: pytest.MonkeyPatch, words: str, collection: Collection[Any], key: bytes, value: Any
) -> None:
    original = pipeline.Pipeline.execute

    def execute(self: Any, block: Any, *rest: Any) -> Any:
        """A transaction whose handler has a defect."""
        result = original(self, block, *rest)
        collection.put(block, key, value)
        return result

    chain = Chain()
    tx = chain.tx("ann", Transfer(address("bob"), 1))
    monkeypatch.setattr(pipeline.Pipeline, "execute", execute)
    with pytest.raises(InvariantBroken, match=words):
        chain.block(tx)
