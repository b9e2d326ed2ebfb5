"""Times and bytes as Go writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.go_json import format_time_ns, from_base64, parse_time_ns, to_base64

# Years 1, which is Go's zero time, to 9999.
TIMES_NS = st.integers(min_value=-62_135_596_800_000_000_000, max_value=253_402_300_799_999_999_999)


@given(TIMES_NS)
def test_a_time_comes_back_to_the_nanosecond(time_ns: int) -> None:
    assert parse_time_ns(format_time_ns(time_ns)) == time_ns


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000_000),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("2026-11-21T09:04:15.319391645Z", 1_795_251_855_319_391_645),
    ],
)
def test_fractions_may_be_short_or_absent(text: str, time_ns: int) -> None:
    assert parse_time_ns(text) == time_ns


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-21T09:04:15", "2026-11-21T09:04:15+01:00", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_time_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time_ns(text)


@given(st.binary())
def test_bytes_come_back(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data


def test_gos_null_is_no_bytes() -> None:
    assert from_base64(None) == b""
