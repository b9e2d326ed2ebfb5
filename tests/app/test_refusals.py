"""Every result code has a row: code, message, and a state in which nothing changed."""

from __future__ import annotations

import pytest

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.refusals import ROWS, Row
from wire.ledger import Transfer
from wire.results import Code

# What a refused transaction may leave: its used nonce; evidence of two values; the nonce of a cancellation that
# came before its order, and what makes the market forget that nonce at the gate.
_MAY_CHANGE = {
    Code.PROOF_CONFLICT: (b"flowproof/e",),
    Code.UNKNOWN_ORDER: (b"market/o", b"market/q", b"chain/d"),
}
_BEFORE_THE_HANDLER = {code for code in Code if code < 20}
# A handler gives these too, where what is meant is not the sender's.
_EITHER = {Code.BAD_SIGNATURE, Code.WRONG_ROLE, Code.INVALID_FIELD}


@pytest.mark.parametrize("row", [row for row in ROWS if row.code], ids=lambda row: f"{row.code.name}-{row.sentence}")
def test_a_refused_transaction_has_its_code_says_why_and_changes_nothing(row: Row) -> None:
    chain = row.chain()
    tx = row.make(chain)
    own = (b"accounts/n", *_MAY_CHANGE.get(row.code, ()))
    admitted = chain.app.check_tx(tx)
    before = chain.stored(*own)
    (result,) = (admitted,) if row.code is Code.QUOTA_EXCEEDED else chain.block(tx)
    assert (result.code, result.message) == (row.code, result.message)
    for words in row.says:
        assert words in result.message
    assert len(result.message) < 500
    assert chain.stored(*own) == before
    if row.code in _BEFORE_THE_HANDLER and (row.code not in _EITHER or admitted.code):
        assert admitted.code is row.code


def test_a_quota_holds_in_every_call() -> None:
    chain = Chain()
    txs = [chain.tx("ann", Transfer(address("bob"), 1)) for _ in range(65)]
    assert chain.app.prepare_proposal(txs, 1 << 20, chain.time_s) == txs[:64]
    assert chain.app.process_proposal(txs[:64], chain.time_s)
    assert not chain.app.process_proposal(txs, chain.time_s)
    assert [result.code for result in chain.block(*txs)] == [Code.OK] * 64 + [Code.QUOTA_EXCEEDED]


def test_a_module_that_is_switched_off_takes_no_transactions() -> None:
    document = world.genesis(modules=["accounts"])
    chain = Chain({key: value for key, value in document.items() if key in ("modules", "accounts")})
    result = chain.send("ann", Transfer(address("bob"), 1))
    assert result.code is Code.MODULE_DISABLED
    assert "Transfer" in result.message


def test_every_code_has_a_row() -> None:
    elsewhere = {Code.MODULE_DISABLED}
    assert {row.code for row in ROWS} | elsewhere == set(Code)


def test_the_accepted_row_is_accepted() -> None:
    for row in ROWS:
        if row.code is Code.OK:
            chain = row.chain()
            assert chain.block(row.make(chain))[0].code is Code.OK
