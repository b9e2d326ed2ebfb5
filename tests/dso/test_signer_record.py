"""The signer's durable memory, and the signatures that depend on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from clients.common.slots import SlotClock
from clients.dso.signer.policy import GridRules, Policy, Reason, Refusal
from clients.dso.signer.record import Record, RecordError, Signed
from clients.dso.signer.signing import Signing
from wire.flowproof import FlowStatement, flow_sign_bytes

KEY = SigningKey(bytes(range(32)))
PUBLIC_KEY = bytes(KEY.verify_key)
GOOD = FlowStatement("chain", "grid", 3, bytes(20), 500, "meter-1")
LATER_S = 1_000_000.0
POLICY = Policy({("chain", "grid"): GridRules(SlotClock(0, 600), 10_000, 10_000, None)}, 0)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    Record.create(tmp_path / "record.sqlite", PUBLIC_KEY)
    record = Record.open(tmp_path / "record.sqlite", PUBLIC_KEY)
    yield record
    record.close()


def test_the_same_value_gets_the_same_signature_again_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    Record.create(path, PUBLIC_KEY)
    signatures: list[bytes | Refusal] = []
    for _ in range(2):
        record = Record.open(path, PUBLIC_KEY)
        signing = Signing(KEY, POLICY, record)
        signatures += signing.sign([GOOD, GOOD], LATER_S)
        record.close()
    assert len(set(signatures)) == 1
    assert isinstance(signatures[0], bytes)
    KEY.verify_key.verify(flow_sign_bytes(GOOD), signatures[0])


@pytest.mark.parametrize(
    ("second", "field"), [(GOOD._replace(flow_wh=501), "flow_wh"), (GOOD._replace(meter="meter-2"), "meter")]
)
def test_another_flow_or_meter_is_refused_with_what_was_signed(
    record: Record, second: FlowStatement, field: str
) -> None:
    signing = Signing(KEY, POLICY, record)
    for statements in ([GOOD, second], [second, GOOD]):
        outcomes = dict(zip(statements, signing.sign(statements, LATER_S), strict=True))
        refusal = outcomes[second]
        assert isinstance(outcomes[GOOD], bytes)
        assert isinstance(refusal, Refusal)
        assert (refusal.reason, refusal.field, refusal.signed) == (Reason.CONFLICT, field, GOOD)


def test_another_chain_vdg_slot_or_account_is_another_matter(record: Record) -> None:
    others = [
        GOOD,
        GOOD._replace(chain_id="chain-2", flow_wh=1),
        GOOD._replace(vdg="grid-2", flow_wh=2),
        GOOD._replace(slot=4, flow_wh=3),
        GOOD._replace(account=b"\1" * 20, flow_wh=4),
    ]
    assert record.claim(others) == [Signed(s.flow_wh, s.meter) for s in others]


def test_a_refused_statement_leaves_no_trace_on_record(record: Record) -> None:
    signing = Signing(KEY, POLICY, record)
    (refusal,) = signing.sign([GOOD._replace(flow_wh=99_999)], LATER_S)
    assert isinstance(refusal, Refusal)
    (signature,) = signing.sign([GOOD], LATER_S)
    assert isinstance(signature, bytes)


_STATEMENTS = st.builds(
    FlowStatement,
    st.just("chain"),
    st.just("grid"),
    st.integers(0, 2),
    st.sampled_from([bytes(20), b"\1" * 20]),
    st.integers(-2, 2),
    st.sampled_from(["meter-1", "meter-2"]),
)


@given(st.lists(st.lists(_STATEMENTS, max_size=6), max_size=6), st.randoms())
def test_whatever_is_asked_in_whatever_batches_with_restarts_only_first_values_are_signed(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[FlowStatement]], random: object
) -> None:
    path = tmp_path_factory.mktemp("record") / "record.sqlite"
    Record.create(path, PUBLIC_KEY)
    first: dict[tuple[int, bytes], FlowStatement] = {}
    for batch in batches:
        record = Record.open(path, PUBLIC_KEY)
        for statement, outcome in zip(batch, Signing(KEY, POLICY, record).sign(batch, LATER_S), strict=True):
            standing = first.setdefault((statement.slot, statement.account), statement)
            assert isinstance(outcome, bytes) == (statement == standing)
        record.close()


def test_a_missing_record_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="is missing"):
        Record.open(tmp_path / "record.sqlite", PUBLIC_KEY)


def test_a_record_is_never_replaced(tmp_path: Path, record: Record) -> None:
    with pytest.raises(RecordError, match="never replaced"):
        Record.create(tmp_path / "record.sqlite", PUBLIC_KEY)


def test_another_keys_record_is_refused(tmp_path: Path) -> None:
    Record.create(tmp_path / "record.sqlite", bytes(32))
    with pytest.raises(RecordError, match="belongs to the key 0000"):
        Record.open(tmp_path / "record.sqlite", PUBLIC_KEY)


def test_a_second_process_with_the_record_is_refused(tmp_path: Path, record: Record) -> None:
    record.claim([GOOD])
    with pytest.raises(RecordError, match="another signing service holds it"):
        Record.open(tmp_path / "record.sqlite", PUBLIC_KEY)


def test_a_record_with_damaged_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    Record.create(path, PUBLIC_KEY)
    record = Record.open(path, PUBLIC_KEY)
    record.claim([GOOD._replace(slot=slot) for slot in range(2_000)])
    record.close()
    damaged = bytearray(path.read_bytes())
    damaged[8_192:40_960] = b"\xff" * 32_768
    path.write_bytes(damaged)
    with pytest.raises(RecordError, match=r"damaged|can't be used"):
        Record.open(path, PUBLIC_KEY)


@pytest.mark.parametrize("content", [b"", b"garbage" * 1_000])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.sqlite"
    path.write_bytes(content)
    with pytest.raises(RecordError):
        Record.open(path, PUBLIC_KEY)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE signed (x)")
    connection.close()
    with pytest.raises(RecordError, match="not a signing record"):
        Record.open(path, PUBLIC_KEY)
