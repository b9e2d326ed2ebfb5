"""Messages as people write and read them, for all messages there are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.messages.meaning import meaning_of
from node.messages.names import NoNames
from node.messages.reading import read_message
from node.messages.schema import EVENTS, QUERIES, TRANSACTIONS, fields_of, snake_case
from node.messages.showing import plain
from node.scenario.keyring import Keyring
from wire.codec import MAX_INT64, MAX_UINT, decode, encode
from wire.events import MODULES
from wire.gen.vdg.tx.v1 import tx_pb2
from wire.ledger import ISSUANCE, VALIDATOR_POOL, GetBalanceRequest, account_holder, reward_pool

NAMES = Keyring(["anna", "ben"], ["spare"])
ALL = [
    cls
    for module in MODULES
    for cls in vars(module).values()
    if isinstance(cls, type) and cls.__module__ == module.__name__ and hasattr(cls, "_fields")
]


def test_messages_have_the_names_of_the_oneof_in_proto() -> None:
    oneof = tx_pb2.TxBody.DESCRIPTOR.oneofs_by_name["message"]
    assert list(TRANSACTIONS) == [field.name for field in oneof.fields]


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_field_of_bytes_has_a_meaning(cls: type[Any]) -> None:
    for field in fields_of(cls):
        if field.spec.kind == "raw":
            assert meaning_of(cls, field)


def test_every_event_and_query_is_known_by_a_name_of_its_own() -> None:
    assert len(EVENTS) == 47
    assert QUERIES["get_book"].path == "/market/GetBook"
    assert all(snake_case(query.request.__name__) == f"{name}_request" for name, query in QUERIES.items())


def values_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(cls, **{field.name: field_values(cls, field) for field in fields_of(cls)})


def field_values(cls: type[Any], field: Any) -> st.SearchStrategy[Any]:
    address, key = NAMES.address("anna") or b"", NAMES.public_key("spare") or b""
    one: st.SearchStrategy[Any]
    match field.spec.kind:
        case "uint":
            one = st.integers(0, MAX_UINT)
        case "sint":
            one = st.integers(-MAX_INT64 - 1, MAX_INT64)
        case "flag":
            one = st.booleans()
        case "text":
            one = st.text(max_size=5)
        case "enum":
            one = st.sampled_from([member for member in field.spec.type if member])
        case "message":
            one = values_of(field.spec.type)
        case _:
            meaning = meaning_of(cls, field).value
            one = {
                "address": st.sampled_from([address, bytes(20)]),
                "public key": st.sampled_from([key, bytes(32)]),
                "holder": st.sampled_from([account_holder(address), VALIDATOR_POOL, ISSUANCE, reward_pool("lilas")]),
            }.get(meaning, st.binary(max_size=4))
    return st.lists(one, max_size=3).map(tuple) if field.spec.repeated else one


@given(st.sampled_from(ALL).flatmap(values_of))
def test_what_is_shown_reads_back_as_the_same_message(message: Any) -> None:
    read, mistakes = read_message(type(message), plain(message, NAMES), NAMES)
    assert (read, mistakes) == (message, [])
    assert decode(type(message), encode(message)) == message


def test_without_a_book_of_names_addresses_are_digits() -> None:
    digits = "ab" * 20
    request, mistakes = read_message(GetBalanceRequest, {"holder": digits}, NoNames())
    assert mistakes == []
    assert request.holder == b"a" + bytes.fromhex(digits)
    assert plain(request, NoNames()) == {"holder": digits}
