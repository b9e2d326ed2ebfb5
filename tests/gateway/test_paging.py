"""Cutting blocks into responses: for any events, filters and cursors, each event that passes comes once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from node.gateway import event_service
from node.gateway.block_record import BlockRecord
from node.gateway.event_service import cursor_behind, from_index, pages
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

TYPES = ["a", "b", "c"]
ACCOUNTS = [bytes([number]) * 20 for number in range(4)]

events = st.lists(
    st.builds(
        pb.Event,
        type=st.sampled_from(TYPES),
        accounts=st.lists(st.sampled_from(ACCOUNTS), max_size=3, unique=True),
        data=st.binary(max_size=40) | st.just(b"x" * 100_000),
    ),
    max_size=12,
)
filters = st.tuples(
    st.frozensets(st.sampled_from([*TYPES, "unknown"]), max_size=2),
    st.frozensets(st.sampled_from(ACCOUNTS), max_size=2),
)


def record_of(items: list[pb.Event]) -> BlockRecord:
    for index, item in enumerate(items):
        item.index = index
    return BlockRecord(7, 0, "chain", b"", tuple(items), ())


@settings(deadline=None)
@given(events, filters)
def test_filters_choose_what_a_plain_loop_chooses(
    items: list[pb.Event], chosen: tuple[frozenset[str], frozenset[bytes]]
) -> None:
    types, accounts = chosen
    expected = [
        item
        for item in items
        if (not types or item.type in types) and (not accounts or accounts.intersection(item.accounts))
    ]
    assert record_of(items).select_events(types, accounts) == expected


@settings(deadline=None)
@given(events, filters, st.lists(st.integers(0, 5), max_size=20))
def test_a_reader_that_stops_after_any_response_gets_each_event_once(
    items: list[pb.Event], chosen: tuple[frozenset[str], frozenset[bytes]], stops: list[int]
) -> None:
    record = record_of(items)
    selected = record.select_events(*chosen)
    got: list[int] = []
    cursor = pb.Cursor(height=7)
    patience = iter([*stops, len(items) + 1])
    while cursor.height == 7:
        for page, next_index in pages(from_index(selected, cursor.index))[: next(patience) + 1]:
            got += [item.index for item in page]
            cursor = cursor_behind(record, next_index)
    assert got == [item.index for item in selected]
    assert cursor == pb.Cursor(height=8)


@settings(deadline=None)
@given(events)
def test_a_response_is_as_large_as_allowed_and_one_event_more_at_most(items: list[pb.Event]) -> None:
    cut = pages(list(record_of(items).events))
    for page, _ in cut:
        assert sum(item.ByteSize() for item in page[:-1]) <= event_service.RESPONSE_BYTES
    assert [next_index is None for _, next_index in cut] == [False] * (len(cut) - 1) + [True]
