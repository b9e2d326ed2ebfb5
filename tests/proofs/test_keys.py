"""Keys as clients build them are those that the state machine stores under, and tell what they name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abci_app.modules.accounts import keys as accounts
from abci_app.modules.asset import keys as asset
from abci_app.modules.control import keys as control
from abci_app.modules.flowproof import keys as flowproof
from abci_app.modules.governance import keys as governance
from abci_app.modules.grid import keys as grid
from abci_app.modules.ledger import keys as ledger
from abci_app.modules.market import keys as market
from abci_app.modules.settlement import keys as settlement
from abci_app.state import singles
from abci_app.state.collection import Collection
from tests.app.scenario import STORED
from tests.governance.day import STORED as GOVERNED_STORED
from tests.ordering.day import STORED as ORDERS_STORED
from wire import state_keys as at
from wire.key_names import PLACES, names_of
from wire.unverified import Reason, Unverified

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
SLOTS = st.integers(0, (1 << 40) - 1)
ADDRESSES = st.binary(min_size=20, max_size=20)
COLLECTIONS = [
    value
    for module in (accounts, asset, control, flowproof, governance, grid, ledger, market, settlement, singles)
    for value in vars(module).values()
    if isinstance(value, Collection)
]


def base_of(collection: Collection[Any]) -> bytes:
    return collection._base


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.store}-{place.type.__name__}")
def test_every_place_is_where_a_collection_is(place: at.Place[Any]) -> None:
    base = place.store.encode() + b"/" + place.prefix
    (found,) = [one for one in COLLECTIONS if base_of(one) == base]
    assert found._type is place.type


def test_the_golden_keys_of_the_state_machine_name_what_they_are_of() -> None:
    """The files of the fixed days have the first key of every collection."""
    examples: dict[str, list[str]] = {}
    for file in (STORED, GOVERNED_STORED, ORDERS_STORED):
        examples |= json.loads(file.read_text())
    seen = set()
    for name, (key_hex, _) in examples.items():
        store, _, letter = name.partition("/")
        store_of_key, _, key = bytes.fromhex(key_hex).partition(b"/")
        found = names_of(store, key)
        assert store_of_key.decode() == store
        if found is not None:
            seen.add((store, letter))
            assert all(value not in (b"", "") for value in found.names.values())
    assert seen == {(place.store, place.prefix.decode()) for place in PLACES}


@given(vdg=NAMES, product=NAMES, slot=SLOTS, account=ADDRESSES, other=ADDRESSES, number=st.integers(0, 1000))
def test_what_a_key_is_made_of_comes_back_from_it(
    vdg: str, product: str, slot: int, account: bytes, other: bytes, number: int
) -> None:
    certificate = f"{vdg}/{slot}/{product}/{number}"
    made = (
        (at.ACCOUNTS.at(account), {"account": account}),
        (at.BALANCES.at(at.balance_key("eur", b"a" + account)), {"asset": "eur", "holder": b"a" + account}),
        (
            at.DEBTS.at(at.debt_key(account, other, product)),
            {"debtor": account, "creditor": other, "reason": product},
        ),
        (at.GRIDS.at(at.grid_prefix(vdg)), {"vdg": vdg}),
        (at.MEMBERS.at(at.grid_prefix(vdg) + account), {"vdg": vdg, "account": account}),
        (at.BOOKS.at(at.book_key(vdg, product, slot)), {"vdg": vdg, "product": product, "slot": slot}),
        (
            at.CONTRACTS.at(at.contract_key_of(certificate)),
            {"vdg": vdg, "slot": slot, "product": product, "number": number},
        ),
        (
            at.HOUSEHOLDS.at(at.slot_account_key(vdg, slot, account)),
            {"vdg": vdg, "slot": slot, "account": account},
        ),
        (at.CERTIFICATES.at(certificate.encode()), {"certificate_id": certificate}),
        (at.HOLDERS.at(at.holder_key(certificate, account)), {"certificate_id": certificate, "holder": account}),
    )
    for item, names in made:
        found = names_of(item.store, item.key)
        assert found is not None
        assert found.names == names


@pytest.mark.parametrize("key", [b"a", b"a" + bytes(19), b"a" + bytes(21)], ids=["nothing", "too short", "too long"])
def test_a_key_that_no_item_can_have_is_refused(key: bytes) -> None:
    with pytest.raises(Unverified) as refused:
        names_of("accounts", key)
    assert refused.value.reason is Reason.MALFORMED


def test_items_that_clients_have_no_use_for_have_no_names() -> None:
    assert names_of("chain", b"d" + bytes(9)) is None
    assert names_of("nowhere", b"a") is None


@pytest.mark.parametrize(
    "text", ["", "a/b/c", "a/b/c/d", "a/1/c/x", f"a/{1 << 70}/c/1", f"a/1/c/{1 << 40}", "a/-1/c/1"]
)
def test_what_is_no_contract_id_has_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="contract_id"):
        at.contract_key_of(text)
