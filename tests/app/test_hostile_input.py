"""What a stranger can send stays cheap and never stops the node."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from abci_app.app import QUERY_BAD_REQUEST, QUERY_OK, QUERY_UNKNOWN_PATH
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, key_of, public_key_of
from tests.app.world import VDG
from wire.accounts import AdmitAccount, Role, SetFrozen
from wire.asset import ListAssetsRequest
from wire.codec import MAX_UINT, encode
from wire.flowproof import FlowProof, ListProofsRequest, ListProofsResponse, SubmitProofs
from wire.grid import ListMembersRequest, ListMembersResponse, ListTermsRequest
from wire.ledger import GetBalanceRequest, ListDebtsRequest, Transfer
from wire.market import GetBookRequest, ListContractsRequest
from wire.results import Code
from wire.settlement import GetSlotRequest


def test_a_transaction_of_countless_empty_entries_is_refused_at_once() -> None:
    chain = Chain()
    tx = chain.tx("zoe", SubmitProofs(VDG, 1, (FlowProof(),) * 60_000))
    started = time.process_time()
    assert chain.app.check_tx(tx).code is Code.INVALID_FIELD
    assert time.process_time() - started < 2


def test_transactions_of_strangers_are_not_remembered() -> None:
    chain = Chain()
    # Each is canonical, large and signed, but nobody admitted the sender.
    proofs = tuple(
        FlowProof(address("ann"), 1, "m", bytes(64))._replace(account=bytes(16) + bytes((n, 0, 0, 0)))
        for n in range(256)
    )
    txs = [chain.tx("zoe", SubmitProofs(VDG, slot, proofs)) for slot in range(40)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for tx in txs:
            assert chain.app.check_tx(tx).code is Code.UNKNOWN_SENDER
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1_000_000


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (ListTermsRequest(VDG, MAX_UINT, 2), "/grid/ListTerms"),
        (GetBookRequest(VDG, "intraday", MAX_UINT), "/market/GetBook"),
        (GetBookRequest(VDG, "intraday", 1 << 63), "/market/GetBook"),
        (ListDebtsRequest(bytes(300)), "/ledger/ListDebts"),
        (GetBalanceRequest(bytes(300)), "/ledger/GetBalance"),
        (GetSlotRequest("x" * 10_000, MAX_UINT), "/settlement/GetSlot"),
        (ListContractsRequest(VDG, MAX_UINT, b"", b"\xff" * 40, MAX_UINT), "/market/ListContracts"),
        (ListAssetsRequest(b"\xff" * 30), "/asset/ListAssets"),
    ],
    ids=repr,
)
def test_no_query_stops_the_node(request_: Any, path: str) -> None:
    assert Chain().app.query(path, encode(request_)).code in (QUERY_OK, QUERY_BAD_REQUEST)


def test_a_query_that_cannot_be_read_is_refused_with_the_way_out() -> None:
    result = Chain().app.query("/grid/GetGrid", b"\xff")
    assert result.code == QUERY_BAD_REQUEST
    assert "GetGridRequest" in result.message


def test_an_unknown_path_is_answered_with_those_there_are() -> None:
    result = Chain().app.query("/grid/Nothing", b"")
    assert result.code == QUERY_UNKNOWN_PATH
    assert "/grid/GetGrid" in result.message


def test_a_page_token_from_elsewhere_shows_nothing_of_others() -> None:
    chain = Chain()
    chain.go_to_slot(2)
    chain.do("dso", chain.proofs(0, {"ann": 7}))
    found = chain.query(ListProofsRequest(VDG, 1, b"\x00", 10), ListProofsResponse)
    assert found == ListProofsResponse()


def test_pages_follow_each_other_to_the_end() -> None:
    chain = Chain()
    found, token = [], b""
    for _ in range(len(world.HOMES)):
        page = chain.query(ListMembersRequest(VDG, token, 1), ListMembersResponse)
        found += [member.account for member in page.members]
        token = page.next_page_token
    assert token == b""
    assert found == sorted(address(home) for home in world.HOMES)


@pytest.mark.parametrize("label", ["Lilas 7", "maison № 3", chr(0x378), chr(0x1FAE8), chr(0x10FFFD)])
def test_a_label_is_judged_by_fixed_ranges_and_not_by_the_pythons_unicode_tables(label: str) -> None:
    Chain().do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,), label))


@pytest.mark.parametrize("label", ["a\nb", "\x1b[31m", "\x7f", "\x9b", "\u2028", "x" * 65])
def test_a_label_with_control_characters_or_too_long_is_refused(label: str) -> None:
    message = AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,), label)
    assert Chain().send("registrar", message).code is Code.INVALID_FIELD


def test_a_refusal_never_repeats_a_long_value() -> None:
    chain = Chain()
    for message in (AdmitAccount(bytes(100_000), (Role.ROLE_HOUSEHOLD,)), Transfer(bytes(100_000), 1)):
        assert len(chain.app.check_tx(chain.tx("registrar", message)).message) < 400
    assert len(chain.app.check_tx(chain.tx("ann", Transfer(address("bob"), 1), chain_id="\x00" * 200)).message) < 400


def test_a_transaction_in_a_block_is_never_executed_later_even_when_its_sender_was_not_allowed() -> None:
    chain = Chain()
    freeze = chain.tx("registrar", SetFrozen(address("ann"), True))
    pay = chain.tx("ann", Transfer(address("bob"), 5))
    assert [result.code for result in chain.block(freeze, pay)] == [Code.OK, Code.SENDER_FROZEN]
    chain.do("registrar", SetFrozen(address("ann"), False))
    assert chain.block(pay)[0].code is Code.NONCE_USED


def test_what_prepare_leaves_out_takes_no_room_from_others() -> None:
    chain = Chain()
    bad = [chain.tx("zoe", Transfer(address("bob"), 1)) for _ in range(10)]
    good = chain.tx("ann", Transfer(address("bob"), 1))
    assert chain.app.prepare_proposal([*bad, good], len(good) + 3, chain.time_s) == [good]
    assert chain.app.prepare_proposal([good], len(good), chain.time_s) == []


def test_keys_of_small_order_sign_nothing() -> None:
    chain = Chain()
    for low in (bytes(32), b"\x01" + bytes(31)):
        chain.do("registrar", AdmitAccount(low, (Role.ROLE_HOUSEHOLD,)))
    assert bytes(key_of("ann").verify_key) == public_key_of("ann")
