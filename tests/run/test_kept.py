"""The report holds a run to what it promised: commitments, battery limits, cars and comfort, and the time scales."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from clients.household.database import Database
from clients.household.slot_records import Decided
from clients.household.strategy import StrategyName
from emulator.battery import BatteryRating, BatteryRecord
from node.run.assembly import Observed, assemble, block_intervals_s, problems, settled_after_s
from node.run.beside import read_plain
from node.run.kept import battery_report, device_reports, told_slots
from node.run.missed import MissedReport
from node.run.page import render
from node.run.stages import Made, read_decisions, stages
from node.run.timing import Timing
from tests.run.samples import EPOCH_S, observed
from wire.market import Contract, Side

RATING = BatteryRating.of_capacity(6_000, 3_000)
TIMING = Timing(EPOCH_S, 5, 100, 110, 20)
ACCOUNTS = {"h1": b"a" * 20, "h2": b"b" * 20}
MJ = 3_600_000


def slot_line(slot: int, batteries: dict[str, BatteryRecord], kept: dict[str, dict[str, dict[str, int]]]) -> str:
    told = {"slot": slot, "stored_wh": dict.fromkeys(batteries, 3_100), "batteries_mj": batteries, "devices_wh": {}}
    return json.dumps({"event": "slot"} | told | {"devices_kept": kept})


def test_commitments_are_compared_with_the_meter_in_slots_with_contracts(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    seller, buyer, third = (home.commitments for home in assemble(observed(tmp_path)).homes)
    # 100 Wh sold and 300 fed in, 297 of it planned; 100 bought and 200 taken, 197 planned.
    none = MissedReport()
    assert asdict_of(seller) == (1, 100, 297, 300, 200, 3, 1, none)
    assert asdict_of(buyer) == (1, 100, 197, 200, 100, 3, 1, none)
    assert third.slots == 0


def asdict_of(done: object) -> tuple[object, ...]:
    return tuple(vars(done).values())


def test_a_battery_s_extremes_and_cycles_are_as_it_counted_itself() -> None:
    told = [
        {"batteries_mj": {"h1": [600 * MJ, 0, 3_000 * MJ, 3_600 * MJ]}},
        {"batteries_mj": {"h1": [100 * MJ, 500 * MJ, 3_100 * MJ, 3_700 * MJ]}},
        {"batteries_mj": {"h2": [0, 0, 0, 0]}},
    ]
    report = battery_report(RATING, "h1", told)
    assert report is not None
    assert (report.lowest_wh, report.highest_wh, report.charged_wh, report.discharged_wh) == (3_000, 3_700, 700, 500)
    assert (report.cycles, report.slots_both_ways, report.limits_kept) == (0.1, 1, True)
    assert battery_report(RATING, "h3", told) is None


@pytest.mark.parametrize(("lowest", "highest"), [(1_200 * MJ - 1, 3_000 * MJ), (3_000 * MJ, 4_800 * MJ + 1)])
def test_a_battery_a_millijoule_beyond_its_limits_is_a_problem(tmp_path: Path, lowest: int, highest: int) -> None:
    seen = observed(tmp_path)
    with_battery = next(home for home, _ in seen.homes if home.battery is not None)
    assert (with_battery.battery and with_battery.battery.min_wh, RATING.min_wh) == (1_200, 1_200)
    record = BatteryRecord(0, 0, lowest, highest)
    lines = [slot_line(seen.timing.last_slot, {with_battery.id: record}, {})]
    (tmp_path / "emulator.log").write_text("\n".join(lines))
    report = assemble(seen)
    assert problems(report) == report.problems == [f"the battery of {with_battery.id} left its limits"]


def test_cars_and_stores_are_held_to_what_they_are_there_for() -> None:
    heat = {"lowest_wh": 3_000, "highest_wh": 9_000, "comfort_min_wh": 3_000, "comfort_max_wh": 10_000}
    kept = {"car": {"departures": 2, "short_wh": 0}, "heat": heat, "washer": {}}
    assert [(one.device, one.kept) for one in device_reports(kept)] == [("car", True), ("heat", True), ("washer", True)]
    late = {"car": {"departures": 2, "short_wh": 1}, "heat": heat | {"lowest_wh": 2_999}}
    assert [one.kept for one in device_reports(late)] == [False, False]


def test_a_car_that_left_short_and_a_store_that_was_cold_are_problems(tmp_path: Path) -> None:
    seen = observed(tmp_path)
    heat = {"lowest_wh": 9, "highest_wh": 20, "comfort_min_wh": 10, "comfort_max_wh": 20}
    kept = {seen.homes[1][0].id: {"car": {"departures": 1, "short_wh": 70}, "heat": heat}}
    (tmp_path / "emulator.log").write_text(slot_line(seen.timing.last_slot, {}, kept))
    assert assemble(seen).problems == [
        f"a car of {seen.homes[1][0].id} left 70 Wh short",
        f"the heat store heat of {seen.homes[1][0].id} left its comfort band",
    ]


def test_lines_of_other_slots_and_torn_ones_are_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "emulator.log"
    log.write_text(
        "\n".join(['{"event": "start"}', *(slot_line(slot, {}, {}) for slot in range(5)), '{"event": "slot"'])
    )
    assert [told["slot"] for told in told_slots(log, range(2, 4))] == [2, 3]


def decided(home: str, product: str, made_in: int, contracted: int, wanted: int, energy: int, side: Side) -> Decided:
    """What a home decided for slot 120."""
    return Decided(home, 120, product, 1, made_in, "offered", 0, 0, contracted, wanted, side, energy, 1, 1)


def bought(energy_wh: int, in_slot: int) -> Made:
    contract = Contract("c", "v", 120, "intraday", ACCOUNTS["h1"], b"s" * 20, energy_wh, 2, 1)
    return Made(contract, TIMING.slot_start_s(in_slot) + 0.5)


def test_a_later_stage_that_trades_the_difference_is_fine_and_one_that_buys_again_is_beyond() -> None:
    first = decided("h1", "intraday", 113, 0, 300, 300, Side.SIDE_BID)
    # 200 of 300 Wh were contracted when intraday closed: 100 are left.
    fair = decided("h1", "real_time", 118, 200, 100, 100, Side.SIDE_BID)
    twice = decided("h1", "real_time", 118, 0, 300, 300, Side.SIDE_BID)
    made = [bought(200, 114)]
    honest = stages([first, fair], ACCOUNTS, made, TIMING)
    assert [(one.product, one.orders, one.on_top, one.beyond) for one in honest] == [
        ("intraday", 1, 0, 0),
        ("real_time", 1, 1, 0),
    ]
    (_, again) = stages([first, twice], ACCOUNTS, made, TIMING)
    assert (again.beyond, again.beyond_wh) == (1, 300 - 100 - 30)
    # What the book itself brings is not contracted before it.
    assert stages([twice], ACCOUNTS, [bought(300, 119)], TIMING)[0].beyond == 0


def test_selling_again_what_was_bought_is_a_difference_too() -> None:
    made = [bought(200, 114)]
    fair = decided("h1", "real_time", 118, 200, -50, 50, Side.SIDE_ASK)
    wrong = decided("h1", "real_time", 118, 200, 50, 50, Side.SIDE_ASK)
    assert stages([fair], ACCOUNTS, made, TIMING)[0].beyond == 0
    assert stages([wrong], ACCOUNTS, made, TIMING)[0].beyond == 1


def test_the_orders_are_read_from_the_homes_own_file_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "household.db"
    assert read_decisions(file) == ()
    file.touch()
    assert read_decisions(file) == ()
    database = Database.open(tmp_path / "other.db", "chain")
    stood = decided("h1", "real_time", 118, 0, 9, 9, Side.SIDE_BID)
    database.slots.keep([stood, stood._replace(home="h2", stood=0)])
    database.close()
    assert read_decisions(tmp_path / "other.db") == (stood,)


def report_file(folder: Path, seen: Observed) -> Path:
    path = folder / "plain.json"
    path.write_text(assemble(seen).model_dump_json())
    return path


def test_bills_stand_beside_those_of_a_run_by_the_plain_rule(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    seen = observed(tmp_path)
    path = report_file(tmp_path, seen._replace(strategy=StrategyName.PLAIN))
    kinds = {home.id: home.kind for home, _ in seen.homes}
    plain = read_plain(path, {"day": "06-15", "from_slot": 72, "slots": 3}, kinds, 0)
    report = assemble(seen._replace(plain=plain))
    assert [home.bill_plain_neur for home in report.homes] == [home.bill_neur for home in report.homes]
    assert assemble(seen).homes[0].bill_plain_neur is None
    page = render(report, block_intervals_s(seen.log), seen.latencies_s, settled_after_s(report))
    assert "by the plain rule in the run that was named" in page


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"day": "06-16"}, "day is 06-15, not 06-16"),
        ({"slots": 4}, "slots is 3, not 4"),
        ({}, "strategy is planned, not plain"),
    ],
)
def test_a_run_of_other_slots_is_refused_with_a_way_out(tmp_path: Path, wrong: dict[str, object], told: str) -> None:
    (tmp_path / "emulator.log").write_text("")
    seen = observed(tmp_path)
    strategy = StrategyName.PLAIN if wrong else StrategyName.PLANNED
    path = report_file(tmp_path, seen._replace(strategy=strategy))
    kinds = {home.id: home.kind for home, _ in seen.homes}
    with pytest.raises(ValueError, match=f"{told}.*--strategy plain"):
        read_plain(path, {"day": "06-15", "slots": 3} | wrong, kinds, 0)


def test_other_homes_or_devices_or_no_report_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    path = report_file(tmp_path, observed(tmp_path)._replace(strategy=StrategyName.PLAIN))
    with pytest.raises(ValueError, match="3 homes are others than these 1; 0 of its homes have"):
        read_plain(path, {}, {"h1": "plain"}, 1)
    with pytest.raises(ValueError, match="No such file"):
        read_plain(tmp_path / "nowhere.json", {}, {}, 0)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"no report.json of a run of this version"):
        read_plain(path, {}, {}, 0)


def test_the_page_shows_all_of_it(tmp_path: Path) -> None:
    seen = observed(tmp_path)
    with_battery = next(home for home, _ in seen.homes if home.battery is not None)
    kept = {with_battery.id: {"car": {"departures": 1, "short_wh": 0}}}
    record = BatteryRecord(5 * MJ, 0, 3_000 * MJ, 3_005 * MJ)
    (tmp_path / "emulator.log").write_text(slot_line(seen.timing.last_slot, {with_battery.id: record}, kept))
    row = Decided(with_battery.id, 216, "intraday", 1, 209, "offered", 0, 0, 0, 50, 1, 50, 1, 1)
    report = assemble(seen._replace(decisions=(row,)))
    page = render(report, block_intervals_s(seen.log), seen.latencies_s, settled_after_s(report))
    assert "<h2>Commitments</h2>" in page
    assert "1 left, 0 Wh short" in page
    assert "1200 … 4800" in page
    assert "<td>intraday<td><td>1<td>0.1" in page
    assert asdict(seen.log.homes[seen.homes[0][1]])["commitments"]["slots"] == 1
