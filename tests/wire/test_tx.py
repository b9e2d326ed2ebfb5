"""Golden bytes of transactions, and of all that is signed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from nacl.signing import SigningKey

from wire.accounts import rotation_bytes
from wire.address import address_of, parse_address
from wire.codec import decode, encode
from wire.flowproof import FlowStatement, flow_sign_bytes
from wire.ledger import Transfer
from wire.tx import Tx, TxBody, assemble, tx_hash, tx_sign_bytes

KEY = SigningKey(bytes(range(32)))
PUBLIC_KEY = bytes(KEY.verify_key)
BODY = TxBody("vdg-1", address_of(PUBLIC_KEY), 7, 1_700_000_000, Transfer(bytes(20), 5))


def test_an_address_is_the_first_20_bytes_of_the_keys_hash() -> None:
    assert address_of(PUBLIC_KEY) == sha256(PUBLIC_KEY).digest()[:20]
    assert address_of(PUBLIC_KEY).hex() == "56475aa75463474c0285df5dbf2bcab73da65135"
    assert parse_address("56475aa75463474c0285df5dbf2bcab73da65135") == address_of(PUBLIC_KEY)


@pytest.mark.parametrize("text", ["", "zz" * 20, "ab" * 19, "ab" * 21, "ab cd " * 10, "AB" * 20 + " "])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="give 40"):
        parse_address(text)


def test_sign_bytes_are_domain_chain_and_the_body_as_sent() -> None:
    data = encode(BODY)
    assert tx_sign_bytes("vdg-1", data) == b"vdg/tx/v1\x05vdg-1" + data
    assert rotation_bytes("vdg-1", b"A" * 20, b"K" * 32) == b"vdg/rotate-key/v1\x05vdg-1" + b"A" * 20 + b"K" * 32


def test_a_flow_is_signed_over_domain_and_canonical_statement() -> None:
    statement = FlowStatement("vdg-1", "lilas", 145, b"A" * 20, -350, "m1")
    assert flow_sign_bytes(statement).hex() == (
        "7664672f666c6f772d70726f6f662f76310a057664672d3112056c696c61731891012214" + "41" * 20 + "28bb05" + "32026d31"
    )


def test_an_assembled_transaction_has_golden_bytes() -> None:
    tx = assemble(BODY, lambda data: KEY.sign(data).signature)
    envelope = decode(Tx, tx)
    assert decode(TxBody, envelope.body) == BODY
    KEY.verify_key.verify(tx_sign_bytes("vdg-1", envelope.body), envelope.signature)
    assert envelope.body.hex() == (
        "0a057664672d31121456475aa75463474c0285df5dbf2bcab73da6513518072080e2cfaa0682021" + "80a14" + "00" * 20 + "1005"
    )
    assert tx[:2] == b"\x0a" + bytes((len(envelope.body),))
    assert tx_hash(tx) == sha256(tx).digest()
