"""Why slots missed their commitment is told by what an inverter did and by the chain, not by what an agent says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.household.strategy import StrategyName
from emulator.battery import BatteryRating
from emulator.household import Household
from emulator.slot_summary import held
from emulator.units import SLOT_MS
from node.run.assembly import assemble
from node.run.daylog import HomeDay
from node.run.kept_section import kept_section
from node.run.missed import Missed, MissedReport, Seen, late_on_chain, missed_by, missed_report
from node.run.stages import Made
from node.run.timing import Timing
from tests.emulator.world import IDEAL, home
from tests.run.samples import EPOCH_S, observed
from wire.market import Contract
from wire.mqtt import SetPoint, StatusCode
from wire.settlement import HouseholdSettlement

TIMING = Timing(EPOCH_S, 5, 100, 110, 20)
ACCOUNT, OTHER = b"a" * 20, b"b" * 20
MIDDLE = SLOT_MS // 2
LOSSY = BatteryRating.of_capacity(6_000, 3_000, 900)


def lived(
    committed_wh: int,
    *,
    load_w: int = 0,
    pv_w: int = 0,
    start_wh: int = 3_000,
    battery: BatteryRating | None = IDEAL,
    set_wh: int | None = None,
    set_ms: int = 0,
    off: bool = False,
) -> tuple[Missed | None, dict[str, Any]]:
    """A slot of an emulated home with a set point that comes at a time of it: by how much it missed, what is told."""
    rating = replace(battery, start_wh=start_wh) if battery is not None else None
    household = Household(home([load_w, load_w], [pv_w, pv_w], rating))
    if off:
        household.trip()
    household.advance(set_ms)
    if set_wh is not None:
        code, _ = household.offer(SetPoint(sequence=1, slot=0, mode="follow", grid_wh=set_wh))
        assert code is StatusCode.ACCEPTED
    before_wh = household.slot_start.net_wh
    household.advance(SLOT_MS)
    flow_wh = household.slot_start.net_wh - before_wh
    done = HouseholdSettlement("v", 0, ACCOUNT, flow_wh=flow_wh, planned_wh=committed_wh, bought_wh=1)
    return missed_by(done), {"off": ["h1"] if off else [], **held({"h1": household})}


def seen_of(slot: dict[str, Any], /, **changes: Any) -> Seen:
    return Seen("h1", IDEAL, has_devices=False, is_plain=False, told={0: slot})._replace(**changes)


@pytest.mark.parametrize(
    ("off_wh", "slot"),
    [
        # The battery is full, empty, or its power is not enough, in either direction.
        (-100, lived(-100, pv_w=1_200, start_wh=4_800, set_wh=-100)),
        (-70, lived(-100, pv_w=1_200, start_wh=4_770, set_wh=-100)),
        (170, lived(0, load_w=1_200, start_wh=1_230, set_wh=0)),
        (200, lived(0, load_w=4_200, set_wh=0)),
        (-300, lived(0, pv_w=4_800, set_wh=0)),
        # There is no battery; the inverter was off.
        (200, lived(0, load_w=1_200, battery=None)),
        (200, lived(0, load_w=1_200, pv_w=600, set_wh=0, off=True)),
    ],
)
def test_a_battery_that_did_all_that_it_can_was_at_a_limit(
    off_wh: int, slot: tuple[Missed | None, dict[str, Any]]
) -> None:
    missed, told = slot
    assert missed == Missed(0, off_wh)
    seen = seen_of(told, battery=IDEAL if "h1" in told["batteries_mj"] else None)
    assert missed_report([missed], seen) == MissedReport(at_a_limit=1)
    assert missed_report([missed], seen._replace(has_devices=True)) == MissedReport(devices=1)


def test_the_loss_of_a_round_trip_is_part_of_the_room() -> None:
    # 90 Wh of room take 100 Wh at the terminals.
    missed, told = lived(0, pv_w=1_200, start_wh=4_710, battery=LOSSY, set_wh=0)
    assert missed == Missed(0, -100)
    assert missed_report([missed], seen_of(told, battery=LOSSY)) == MissedReport(at_a_limit=1)


def test_room_that_is_kept_for_control_is_a_limit_too() -> None:
    missed, told = lived(0, pv_w=1_200, start_wh=4_500, set_wh=-200)
    assert missed == Missed(0, -200)
    assert missed_report([missed], seen_of(told)) == MissedReport(otherwise=1)
    assert missed_report([missed], seen_of(told, room_permille=50)) == MissedReport(at_a_limit=1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, MissedReport(otherwise=1)),
        ({"is_plain": True}, MissedReport(by_choice=1)),
        ({"late": {0}, "is_plain": True}, MissedReport(late=1)),
        ({"controlled": {0}, "late": {0}}, MissedReport(controlled=1)),
        ({"late": {1}, "controlled": {1}}, MissedReport(otherwise=1)),
        # Devices excuse nothing that a battery could have done, and a slot that nobody told of proves no limit.
        ({"has_devices": True}, MissedReport(otherwise=1)),
        ({"told": {}}, MissedReport(otherwise=1)),
    ],
)
def test_a_battery_that_could_have_done_better_needs_another_reason(
    changes: dict[str, Any], expected: MissedReport
) -> None:
    # Self-consumption where 100 Wh were to be bought.
    missed, told = lived(100, load_w=1_200)
    assert missed == Missed(0, -100)
    assert missed_report([missed], seen_of(told, **changes)) == expected


def test_a_set_point_that_came_when_the_slot_ran_is_late_where_it_came_too_late() -> None:
    assert lived(300, load_w=1_200, set_wh=300, set_ms=MIDDLE)[0] is None
    missed, told = lived(600, load_w=1_200, set_wh=600, set_ms=MIDDLE)
    assert missed == Missed(0, -250)
    assert told["set_late_ms"] == {"h1": MIDDLE}
    assert missed_report([missed], seen_of(told)) == MissedReport(late=1)


@pytest.mark.parametrize(("flow_wh", "bought_wh", "is_missed"), [(5, 1, False), (6, 1, True), (99, 0, False)])
def test_slots_within_5_wh_or_without_contracts_missed_nothing(flow_wh: int, bought_wh: int, is_missed: bool) -> None:
    done = HouseholdSettlement("v", 7, ACCOUNT, flow_wh=flow_wh, bought_wh=bought_wh)
    assert missed_by(done) == (Missed(7, flow_wh) if is_missed else None)


def made(time_s: float, buyer: bytes = ACCOUNT, seller: bytes = OTHER) -> Made:
    """A contract for slot 120."""
    return Made(Contract("c", "v", 120, "real_time", buyer, seller, 50, 2, 1), time_s)


def at(slot: int, after_s: float) -> float:
    return TIMING.slot_start_s(slot) + after_s


@pytest.mark.parametrize(
    ("contracts", "refused_s", "late"),
    [
        # Two blocks after it are left before the slot begins: in the second, what is declared may know of it.
        ([made(at(119, 2.0))], [], False),
        ([made(at(119, 2.0), OTHER, ACCOUNT)], [], False),
        ([made(at(119, 3.0))], [], True),
        ([made(at(119, 3.0), OTHER, ACCOUNT)], [], True),
        ([made(at(114, 0.0)), made(at(119, 3.0))], [], True),
        ([made(at(119, 3.0), OTHER, b"c" * 20)], [], False),
        # A refusal from two slots before to one after, of this account.
        ([made(at(114, 0.0))], [(ACCOUNT, at(121, 4.9))], True),
        ([made(at(114, 0.0))], [(ACCOUNT, at(118, 0.0))], True),
        ([made(at(114, 0.0))], [(ACCOUNT, at(117, 4.9)), (ACCOUNT, at(122, 0.0)), (OTHER, at(120, 0.0))], False),
    ],
)
def test_what_came_too_late_is_seen_in_blocks(
    contracts: list[Made], refused_s: list[tuple[bytes, float]], late: bool
) -> None:
    # A block a second.
    blocks_s = [at(100, float(second)) for second in range(5 * 30)]
    found = late_on_chain(ACCOUNT, [120, 129], contracts, refused_s, blocks_s, TIMING)
    assert found == ({120} if late else set())


def test_a_contract_after_which_no_block_is_seen_came_too_late() -> None:
    assert late_on_chain(ACCOUNT, [120], [made(at(119, 0.0))], [], [at(119, 0.0), at(119, 1.0)], TIMING) == {120}


def test_a_report_has_the_slots_that_missed_without_a_cause_and_those_that_were_late(tmp_path: Path) -> None:
    seen = observed(tmp_path)
    (tmp_path / "emulator.log").write_text("")
    who, address = next((home, address) for home, address in seen.homes if home.battery is not None)
    seen.log.homes.setdefault(address, HomeDay()).missed.append(Missed(seen.timing.from_slot, 60))

    def reported(strategy: StrategyName = seen.strategy) -> MissedReport:
        report = assemble(seen._replace(strategy=strategy))
        assert report.problems == []
        return next(home.commitments.missed for home in report.homes if home.id == who.id)

    assert reported() == MissedReport(otherwise=1)
    assert reported(StrategyName.PLAIN) == MissedReport(by_choice=1)
    seen.log.too_late_s.append((address, seen.timing.slot_start_s(seen.timing.from_slot) + 0.2))
    assert reported() == MissedReport(late=1)
    assert "<td>1 late" in kept_section(assemble(seen))
    assert reported(StrategyName.PLAIN) == MissedReport(late=1)
