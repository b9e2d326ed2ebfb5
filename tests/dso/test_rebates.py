"""Rebates follow (4.1), are posted ahead of the gates, and once."""

from __future__ import annotations

import asyncio
import functools
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.common.configuration import ConfigurationError
from clients.common.slots import SLOTS_PER_DAY, SlotClock
from clients.dso.collector.readings import Readings
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.forecast import DayProfile, Persistence, read_profile
from clients.dso.rebates import RebateRules, Rebates, in_messages, rebate_neur_per_wh
from tests.dso.app_chain import AppChain
from tests.dso.signer_process import CHAIN_ID, VDG
from tests.dso.waiting import until
from wire.grid import SetRebates
from wire.mqtt import Reading

CLOUDLESS = [max(0.0, 1 - abs(slot - 72) / 36) for slot in range(SLOTS_PER_DAY)]


@pytest.mark.parametrize(
    ("forecast", "max_neur_per_wh", "rebate"), [(0.0, 30_000, 0), (1.0, 30_000, 30_000), (0.5, 3, 2), (0.49, 1, 0)]
)
def test_a_rebate_is_the_forecasts_share_of_the_largest_rounded_half_up(
    forecast: float, max_neur_per_wh: int, rebate: int
) -> None:
    assert rebate_neur_per_wh(forecast, max_neur_per_wh) == rebate


@pytest.mark.parametrize("forecast", [-0.1, 1.01, float("nan")])
def test_a_forecast_outside_0_to_1_is_refused(forecast: float) -> None:
    with pytest.raises(ValueError, match="normalised to 0 to 1"):
        rebate_neur_per_wh(forecast, 1)


@given(st.lists(st.booleans(), min_size=1, max_size=400))
def test_messages_cover_each_slot_with_a_rebate_once_in_runs_of_at_most_a_day(given_slots: list[bool]) -> None:
    rebates = [(slot, slot + 1) for slot, is_given in enumerate(given_slots) if is_given]
    messages = in_messages(VDG, rebates)
    assert all(1 <= len(message.rebate_neur_per_wh) <= SLOTS_PER_DAY for message in messages)
    sent = [(m.first_slot + n, value) for m in messages for n, value in enumerate(m.rebate_neur_per_wh)]
    assert sent == rebates


def rebates_on(chain: AppChain, epoch_s: int, findings: Findings) -> Rebates:
    """Rebates of at most 30,000 neur/Wh by a cloudless day, with slots of ten minutes."""
    return Rebates(RebateRules(VDG, SlotClock(epoch_s, 600), 30_000, 66), DayProfile(CLOUDLESS), chain, findings)


async def posted(chain: AppChain, first_slot: int, slots: int) -> list[int]:
    """What is on chain."""
    return [term.rebate_neur_per_wh for term in await chain.terms(first_slot, slots)]


def _all_posted(rebates: Rebates) -> bool:
    return rebates.posted_to_slot == 143


async def test_a_day_is_posted_before_its_gate_and_again_is_not_sent_twice() -> None:
    epoch_s = int(time.time()) + (144 - 67) * 600  # now is slot 67 of the day before
    chain = AppChain(bytes(32), 0, epoch_s=epoch_s, slot_seconds=600)
    for _ in range(2):
        rebates = rebates_on(chain, epoch_s, Findings())
        task = asyncio.create_task(rebates.run())
        await until(functools.partial(_all_posted, rebates))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert await posted(chain, 0, 144) == [rebate_neur_per_wh(g, 30_000) for g in CLOUDLESS]
    assert len(chain.rebates_sent) == 1


async def test_what_somebody_posted_before_stays_and_the_rest_is_posted_around_it() -> None:
    epoch_s = int(time.time()) + 60 * 600
    chain = AppChain(bytes(32), 0, epoch_s=epoch_s, slot_seconds=600)
    await chain.submit(SetRebates(VDG, 70, (7, 7)))
    findings = Findings()
    assert await rebates_on(chain, epoch_s, findings).post(60, 80)
    expected = [rebate_neur_per_wh(g, 30_000) for g in CLOUDLESS[60:81]]
    expected[10:12] = [7, 7]
    assert await posted(chain, 60, 21) == expected
    assert findings.counts == {}


@pytest.mark.parametrize(
    ("slot_now", "last_slot"), [(-80, -1), (-79, -1), (-78, 143), (0, 143), (65, 143), (66, 287), (143, 287)]
)
def test_the_next_day_is_due_from_slot_66_on(slot_now: int, last_slot: int) -> None:
    rebates = rebates_on(AppChain(bytes(32), 0), 144 * 600, Findings())
    assert rebates.last_slot_due((144 + slot_now) * 600) == last_slot


async def test_a_refusal_is_told_with_its_reason() -> None:
    chain = AppChain(bytes(32), 0, epoch_s=int(time.time()) + 600, slot_seconds=600)
    findings = Findings()
    rebates = Rebates(
        RebateRules(VDG, SlotClock(0, 600), 10**9 + 1, 66), DayProfile([1.0] * SLOTS_PER_DAY), chain, findings
    )
    assert await rebates.post(5, 8)
    (finding,) = findings.recent
    assert (finding["kind"], finding["slot"]) == (Kind.REBATES_REFUSED, 5)
    assert "INVALID_FIELD" in str(finding["value"])


async def test_a_slot_that_began_meanwhile_is_tried_again_later_not_given_up() -> None:
    epoch_s = int(time.time()) - 50 * 600
    chain = AppChain(bytes(32), 0, epoch_s=epoch_s, slot_seconds=600)
    findings = Findings()
    assert not await rebates_on(chain, epoch_s, findings).post(3, 80)
    assert findings.counts == {}


def test_persistence_is_the_feed_in_of_a_day_before_normalised(tmp_path: Path) -> None:
    clock = SlotClock(0, 600)
    running = clock.slot_at(time.time())
    readings = Readings(open_database(tmp_path / "dso.sqlite", CHAIN_ID, VDG))
    for number, (slot, export_wh) in enumerate([(-50, 0), (-49, 40), (-48, 60)]):
        readings.add(
            Reading(meter="m", sequence=number, slot=running + slot, time_s=0, import_wh=0, export_wh=export_wh), "h"
        )
    forecast = Persistence(readings, clock)(running + 144 - 50, 4)
    assert forecast == [0, 1, 0.5, 0]
    assert Persistence(Readings(open_database(tmp_path / "empty", CHAIN_ID, VDG)), clock)(0, 3) == [0, 0, 0]


def test_a_profile_is_read_and_every_wrong_line_named(tmp_path: Path) -> None:
    path = tmp_path / "forecast.csv"
    rows = [f"{slot},{value}" for slot, value in enumerate(CLOUDLESS)]
    path.write_text("\n".join(["slot_of_day,forecast", *rows]))
    assert read_profile(path)(143, 3) == [CLOUDLESS[143], CLOUDLESS[0], CLOUDLESS[1]]
    rows[3], rows[5], rows[7] = "3,1.5", "x", "9,0.5"
    path.write_text("\n".join(["slot_of_day,forecast", *rows]))
    with pytest.raises(ConfigurationError) as caught:
        read_profile(path)
    for part in ("line 5", "line 7", "line 9: slot_of_day = 9: 7 comes here"):
        assert part in str(caught.value)
    for content, message in (("a,b\n", "line 1"), ("slot_of_day,forecast\n0,1\n", "1 rows")):
        path.write_text(content)
        with pytest.raises(ConfigurationError, match=message):
            read_profile(path)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_profile(tmp_path / "missing.csv")
