"""JSON from outside: nothing in it is overlooked, and whatever is refused is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.strict_json import MAX_DEPTH, BadJson, TooDeep, parse_json, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES)
def test_what_was_written_is_read(value: object) -> None:
    text = json.dumps(value)
    assert read_json(text) == read_json(text.encode()) == read_json(b"\xef\xbb\xbf" + text.encode()) == value


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "is not JSON: Expecting value in line 1, column 1: correct it there"),
        (b'{"a": 1,\n "b" 2}', "is not JSON: Expecting ':' delimiter in line 2, column 6: correct it there"),
        (b"{} {}", "is not JSON: Extra data in line 1, column 4: correct it there"),
        (b'{"a":\n "\xe9"}', "is not UTF-8 text: byte 0xe9 in line 2: save it as UTF-8"),
        (b"\xef\xbb\xbf\n\xe9", "is not UTF-8 text: byte 0xe9 in line 2: save it as UTF-8"),
        ("{}".encode("utf-16"), "is not UTF-8 text: byte 0xff in line 1: save it as UTF-8"),
        ("{}".encode("utf-16-be"), "is not UTF-8 text: it has NUL bytes, as UTF-16 has: save it as UTF-8"),
        (b'{"a": 1, "b": 2, "a": 1}', "has a twice in one object: keep one of them"),
        (b'[{"a": {"b": 1, "b": 2}, "c": 1, "c": 2}]', "has [0].c, [0].a.b twice in one object: keep one of them"),
        (b'{"\\u001b[2J": 1, "\\u001b[2J": 1}', r"has '\x1b[2J' twice in one object: keep one of them"),
    ],
)
def test_what_can_not_be_used_is_named_with_its_place(text: bytes, fault: str) -> None:
    with pytest.raises(BadJson) as caught:
        read_json(text)
    assert str(caught.value) == fault


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_has_a_limit_at_which_nothing_breaks(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    assert read_json(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 900, 3_000, 100_000):
        with pytest.raises(TooDeep, match=f"at most {MAX_DEPTH} deep"):
            read_json(opening * depth + "1" + closing * depth)
        with pytest.raises(BadJson):
            read_json(opening * depth)


def test_many_objects_beside_one_another_are_not_deep() -> None:
    assert len(read_json(json.dumps([{"a": [1]}] * 1_000))) == 1_000


def test_repeated_names_may_be_left_to_the_caller_and_the_last_counts() -> None:
    assert parse_json('{"a": 1, "b": {"c": 1, "c": 2, "c": 3}}') == ({"a": 1, "b": {"c": 3}}, ["b.c"])


def test_numbers_beyond_reason_cost_nothing() -> None:
    assert read_json("9" * 40) == 10**40 - 1
    assert read_json("[" + "9" * 1_000_000 + "]") == [float("inf")]
