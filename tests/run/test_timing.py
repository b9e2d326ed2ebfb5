"""When a run begins, so that the books of its day can be traded."""

from __future__ import annotations

import pytest

from abci_app.modules.market.genesis import MarketGenesis
from emulator.homes import neighbourhood
from node.run.cast import Cast
from node.run.genesis import app_state
from node.run.timing import NOON_SLOT, DayAhead, Timing

NOW_S = 1_800_000_000


@pytest.mark.parametrize("slot_seconds", [1, 5])
def test_a_run_begins_before_the_gates_that_its_day_needs(slot_seconds: int) -> None:
    plain = Timing.starting(NOW_S, slot_seconds, 60, 12)
    assert plain.from_slot == 144 + 60
    assert plain.from_slot - plain.first_slot >= 10
    assert (plain.from_slot - plain.first_slot) * slot_seconds >= 20
    lead = plain.from_slot - plain.first_slot
    late = Timing.starting(NOW_S, slot_seconds, 60, 12, DayAhead(18))
    assert late.first_slot == late.from_slot - 18 - lead
    noon = Timing.starting(NOW_S, slot_seconds, 60, 12, DayAhead())
    assert noon.first_slot == NOON_SLOT - lead
    for timing in (plain, late, noon):
        assert timing.slot_start_s(timing.first_slot) > NOW_S


@pytest.mark.parametrize("day_ahead", [None, DayAhead(), DayAhead(6), DayAhead(144)])
def test_the_genesis_has_hourly_blocks_with_the_gate_that_was_chosen(day_ahead: DayAhead | None) -> None:
    state = app_state(Cast.fresh(neighbourhood(2), 1), (bytes(32),), NOW_S, 5, day_ahead)
    blocks, intraday, real_time = MarketGenesis.model_validate(state["market"]).products
    assert [product.block_slots for product in (blocks, intraday, real_time)] == [6, 1, 1]
    if day_ahead is None or day_ahead.gate_slots is None:
        assert (blocks.gate, blocks.gate_slots) == ("day_before", NOON_SLOT)
    else:
        assert (blocks.gate, blocks.gate_slots) == ("before_start", day_ahead.gate_slots)
        assert blocks.horizon_slots > blocks.gate_slots + blocks.block_slots


def test_a_gate_is_noon_or_a_number_of_slots() -> None:
    assert DayAhead.parse("noon") == DayAhead(None)
    assert DayAhead.parse("6") == DayAhead(6)
    for text in ("5", "145", "-6", "midnight", ""):
        with pytest.raises(ValueError, match=f"day-ahead = {text!r}: give noon"):
            DayAhead.parse(text)
