"""Each form that is not canonical, by hand, with the reason that the error names."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import pytest

from wire.accounts import AdmitAccount, GetAccountResponse, Role, SetFrozen
from wire.codec import MAX_UINT, CodecError, decode, decode_varint, encode, encode_varint
from wire.fields import uint
from wire.ledger import Balance, Debt, Transfer
from wire.market import Order, Side
from wire.settlement import GetSlotRequest
from wire.tx import TxBody


@pytest.mark.parametrize(
    ("type_", "data", "reason"),
    [
        (Transfer, b"\x0a", "ends inside a number"),
        (Transfer, b"\x0a\x05ab", "Transfer.to is cut off"),
        (Transfer, b"\x18\x01", "Transfer has no field 3 of wire type 0"),
        (Transfer, b"\x08\x01", "Transfer has no field 1 of wire type 0"),
        (Transfer, b"\x12\x01a", "no field 2 of wire type 2"),
        (Transfer, b"\x15\x00\x00\x00\x00", "no field 2 of wire type 5"),
        (Transfer, b"\x10\x01\x0a\x01a", "repeated or out of order"),
        (Transfer, b"\x10\x01\x10\x01", "repeated or out of order"),
        (Transfer, b"\x0a\x00", "Transfer.to is an explicit default"),
        (Transfer, b"\x10\x00", "Transfer.amount_neur is an explicit default"),
        (Transfer, b"\x10\x81\x00", "not in its shortest form"),
        (Transfer, b"\x90\x00\x01", "not in its shortest form"),
        (Transfer, b"\x0a\x81\x00a", "not in its shortest form"),
        (Transfer, b"\x10" + b"\xff" * 9 + b"\x02", "longer than 64 bits"),
        (Transfer, b"\x10" + b"\xff" * 10 + b"\x01", "longer than 64 bits"),
        (SetFrozen, b"\x10\x02", "SetFrozen.frozen is 2, not a truth value"),
        (Order, b"\x10\x03", "Order.side = 3 is not one of SIDE_UNSPECIFIED, SIDE_BID, SIDE_ASK"),
        (Order, b"\x10\x00", "explicit default"),
        (GetSlotRequest, b"\x0a\x02\xc3\x28", "GetSlotRequest.vdg is not UTF-8"),
        (GetSlotRequest, b"\x0a\x03\xed\xa0\x80", "not UTF-8"),
        (AdmitAccount, b"\x12\x00", "AdmitAccount.roles is present but empty"),
        (AdmitAccount, b"\x12\x01\x63", "roles = 99 is not one of"),
        (AdmitAccount, b"\x12\x01\x01\x12\x01\x02", "repeated or out of order"),
        (AdmitAccount, b"\x10\x01", "no field 2 of wire type 0"),
        (GetAccountResponse, b"\x12\x02\x38\x01", "Account has no field 7"),
        (TxBody, b"", "TxBody holds no message"),
        (TxBody, b"\x82\x02\x00\x8a\x02\x00", "TxBody holds more than one message"),
    ],
)
def test_what_is_not_canonical_is_refused_with_the_reason(type_: Any, data: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason.replace(".", r"\.")):
        decode(type_, data)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Transfer(b"", -1), "amount_neur = -1 does not fit"),
        (Transfer(b"", MAX_UINT + 1), "does not fit an unsigned"),
        (Balance(1 << 63, 0), "does not fit a signed"),
        (Balance(0, -(1 << 63) - 1), "does not fit a signed"),
        (TxBody(message=None), "can't hold a NoneType"),
        (TxBody(message=Debt()), "can't hold a Debt"),
    ],
)
def test_what_does_not_fit_is_not_encoded(message: Any, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        encode(message)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 16_383, 16_384, (1 << 63) - 1, 1 << 63, MAX_UINT])
def test_varints_come_back_at_the_edges(value: int) -> None:
    assert decode_varint(encode_varint(value), 0) == (value, len(encode_varint(value)))


class _OutOfOrder(NamedTuple):
    later: Annotated[int, uint(2)] = 0
    earlier: Annotated[int, uint(1)] = 0


def test_a_message_whose_fields_are_out_of_order_can_not_be_used() -> None:
    # They are written as they are declared, so that declaration would not be canonical.
    with pytest.raises(TypeError, match=r"_OutOfOrder.earlier comes after number 2"):
        encode(_OutOfOrder())
    with pytest.raises(TypeError, match=r"_OutOfOrder.earlier comes after number 2"):
        decode(_OutOfOrder, b"")


def test_goldens() -> None:
    assert encode(AdmitAccount(b"K", (Role.ROLE_DSO, Role.ROLE_ORACLE), "é")).hex() == "0a014b1202020a1a02c3a9"
    assert encode(Balance(-3, 7)).hex() == "0805100e"
    assert encode(Order(b"a", Side.SIDE_ASK, 300, 1, 0)).hex() == "0a0161100218ac022001"
    assert encode(GetAccountResponse(True, None, None)).hex() == "0801"
