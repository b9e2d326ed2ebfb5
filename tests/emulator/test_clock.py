"""Emulated time against the clock on the wall."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import Clock
from emulator.units import SLOT_MS

clocks = st.builds(Clock, st.integers(0, 4_000_000_000), st.integers(1, 86_400))


@given(clocks, st.integers(-(10**12), 10**12))
def test_the_moment_of_an_emulated_time_is_the_first_that_has_it(clock: Clock, emulated_ms: int) -> None:
    moment_ns = clock.unix_ns(emulated_ms)
    assert clock.emulated_ms(moment_ns) == emulated_ms
    assert clock.emulated_ms(moment_ns - 1) == emulated_ms - 1


@given(clocks, st.integers(0, 10**6))
def test_slots_begin_where_the_chain_says(clock: Clock, slot: int) -> None:
    begin_ns = (clock.epoch_s + slot * clock.slot_seconds) * 1_000_000_000
    assert clock.unix_ns(slot * SLOT_MS) == begin_ns
    assert clock.slot_end_s(slot) * 1_000_000_000 == clock.unix_ns((slot + 1) * SLOT_MS)
    assert clock.unix_ms(slot * SLOT_MS) * 1_000_000 == begin_ns


@pytest.mark.parametrize(
    ("epoch_s", "slot_seconds", "fault"), [(-1, 5, "epoch is -1"), (0, 0, "0"), (0, 86_401, "86401")]
)
def test_figures_that_make_no_clock_are_refused(epoch_s: int, slot_seconds: int, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Clock(epoch_s, slot_seconds)
