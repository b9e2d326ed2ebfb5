"""Meter collection through a real broker: what is believed, and what each wrong message is called."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.common.broker import BrokerAddress
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.members import Members
from tests.dso.mqtt_broker import TOPICS, publish, readings_of, running_broker
from tests.dso.waiting import until
from wire.grid import Member
from wire.mqtt import Reading

PAST = 1_000
REGISTERS = [(100, 50), (140, 50), (140, 75), (141, 75), (200, 80)]
FLOWS_WH = [40, -25, 1, 54]


class Collection:
    """A collector with its table and findings, on a folder's database."""

    def __init__(self, folder: Path, port: int = 1) -> None:
        self.database = open_database(folder / "dso.sqlite", "chain", "grid")
        self.members = Members([Member("grid", bytes([n]) * 20, f"meter-{n}", 0) for n in (1, 2)])
        self.readings = Readings(self.database)
        self.findings = Findings()
        self.heard: list[int] = []
        self.collector = Collector(
            BrokerAddress(url=f"mqtt://dso@127.0.0.1:{port}"),
            TimeRules(SlotClock(0, 1), tolerance_s=0.5, late_s=10**10),
            self.members,
            self.readings,
            self.findings,
            self.heard.append,
        )

    def take(self, *readings: Reading, home: str = "home-1") -> list[Kind]:
        """Give readings without a broker; returns the kinds of the findings that they made."""
        before = len(self.findings.recent)
        for reading in readings:
            self.collector.take(TOPICS.reading(home), reading.encode(), retained=False)
        return [Kind(str(finding["kind"])) for finding in list(self.findings.recent)[before:]]


@asynccontextmanager
async def collecting(folder: Path, port: int) -> AsyncIterator[Collection]:
    """A collection that runs, connected."""
    collection = Collection(folder, port)
    task = asyncio.create_task(collection.collector.run())
    try:
        await until(lambda: collection.collector.connected)
        yield collection
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        collection.database.close()


def flows_wh(collection: Collection, meter: str = "meter-1") -> list[int | None]:
    """The flows of the slots of ``REGISTERS`` after the baseline."""
    return [collection.readings.flows_wh(PAST + n).get(meter) for n in range(1, len(REGISTERS))]


async def test_the_flow_of_a_slot_is_the_difference_of_the_registers_at_its_ends(tmp_path: Path) -> None:
    readings = readings_of("meter-1", REGISTERS, PAST)
    async with running_broker() as port, collecting(tmp_path, port) as collection:
        await publish(port, *[("home-1", reading) for reading in readings])
        await until(lambda: len(collection.heard) == len(readings))
    assert collection.heard == [PAST + n for n in range(5)]
    assert collection.findings.counts == {}
    with_table = Collection(tmp_path)
    assert flows_wh(with_table) == FLOWS_WH
    assert with_table.readings.exported_wh(PAST, 6) == [0, 0, 25, 0, 5, 0]


async def test_each_wrong_message_is_a_named_finding_with_its_meter_and_stores_nothing(tmp_path: Path) -> None:
    baseline, second, third, *_ = readings_of("meter-1", REGISTERS, PAST)
    soon = int(time.time()) + 1_000
    wrong: list[tuple[str, bytes | Reading, Kind, str]] = [
        ("home-1", b"\xff{", Kind.MALFORMED, "(home home-1)"),
        ("home-1", b'{"meter": "meter-1"}', Kind.MALFORMED, "(home home-1)"),
        ("home-1", b'{"slot": -0.5}', Kind.MALFORMED, "(home home-1)"),
        ("home-1", b" " * 70_000, Kind.MALFORMED, "(home home-1)"),
        ("home-9", third.model_copy(update={"meter": "meter-9"}), Kind.UNKNOWN_METER, "meter-9"),
        ("home-2", third, Kind.WRONG_HOME, "meter-1"),
        ("home-1", third.model_copy(update={"time_s": third.time_s + 1}), Kind.WRONG_TIME, "meter-1"),
        ("home-1", third.model_copy(update={"slot": soon, "time_s": soon + 1}), Kind.WRONG_TIME, "meter-1"),
        ("home-1", third.model_copy(update={"import_wh": 139}), Kind.JUMPED_BACK, "meter-1"),
        ("home-1", third.model_copy(update={"export_wh": 49}), Kind.JUMPED_BACK, "meter-1"),
        ("home-1", second.model_copy(update={"sequence": 7}), Kind.JUMPED_BACK, "meter-1"),
        ("home-1", baseline.model_copy(update={"sequence": 7}), Kind.JUMPED_BACK, "meter-1"),
        ("home-1", second.model_copy(update={"import_wh": 141}), Kind.ALTERED, "meter-1"),
        ("home-1", second, Kind.DUPLICATE, "meter-1"),
        ("home-1", second.model_copy(update={"voltage_mv": 236_000}), Kind.DUPLICATE, "meter-1"),
    ]
    async with running_broker() as port, collecting(tmp_path, port) as collection:
        await publish(port, ("home-1", baseline), ("home-1", second))
        await until(lambda: collection.collector.stored == 2)
        await publish(port, *[(home, content) for home, content, _, _ in wrong])
        await until(lambda: len(collection.findings.recent) >= len(wrong))
        found = [(finding["kind"], finding["meter"]) for finding in collection.findings.recent]
        assert found == [(kind, meter) for _, _, kind, meter in wrong]
        assert all(len(str(finding["way_out"])) > 10 for finding in collection.findings.recent)
        assert (collection.collector.stored, collection.collector.refused) == (2, len(wrong))
        await publish(port, ("home-1", third))
        await until(lambda: collection.collector.stored == 3)


def test_a_missed_reading_is_a_gap_whose_slots_have_no_flow_until_it_comes_late(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    readings = readings_of("meter-1", REGISTERS, PAST)
    late = readings.pop(2)
    assert collection.take(*readings) == [Kind.GAP]
    assert flows_wh(collection) == [40, None, None, 54]
    (finding,) = collection.findings.recent
    assert (finding["meter"], finding["slot"]) == ("meter-1", PAST + 3)
    assert f"slots {PAST + 2} to {PAST + 3} stay unproved" in str(finding["way_out"])
    assert collection.take(late) == []
    assert flows_wh(collection) == FLOWS_WH


def test_a_late_reading_is_told_and_counts(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.collector._rules = collection.collector._rules._replace(late_s=60)
    assert collection.take(*readings_of("meter-1", REGISTERS[:2], PAST)) == [Kind.LATE, Kind.LATE]
    assert collection.readings.flows_wh(PAST + 1) == {"meter-1": 40}


@given(st.permutations(range(len(REGISTERS))), st.lists(st.integers(0, len(REGISTERS) - 1)))
def test_readings_in_any_order_and_repeated_give_the_same_flows(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], again: list[int]
) -> None:
    collection = Collection(tmp_path_factory.mktemp("readings"))
    readings = readings_of("meter-1", REGISTERS, PAST)
    kinds = collection.take(*[readings[n] for n in [*order, *again]])
    assert flows_wh(collection) == FLOWS_WH
    assert kinds.count(Kind.DUPLICATE) == len(again)
    assert set(kinds) <= {Kind.DUPLICATE, Kind.GAP}
    collection.database.close()


def test_forgetting_keeps_the_last_reading_of_each_meter(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.take(*readings_of("meter-1", REGISTERS, PAST))
    collection.take(*readings_of("meter-2", REGISTERS[:2], PAST), home="home-2")
    collection.readings.forget_before(PAST + 4)
    assert collection.readings.meters_read(PAST + 4) == {"meter-1"}
    assert collection.readings.meters_read(PAST + 1) == {"meter-2"}
    assert collection.readings.meters_read(PAST) == set()


async def test_what_meters_send_while_the_collector_is_away_is_taken_when_it_is_back(tmp_path: Path) -> None:
    readings = readings_of("meter-1", REGISTERS, PAST)
    async with running_broker() as port:
        async with collecting(tmp_path, port) as collection:
            await publish(port, ("home-1", readings[0]))
            await until(lambda: collection.collector.stored == 1)
        await publish(port, *[("home-1", reading) for reading in readings[1:]])
        async with collecting(tmp_path, port) as collection:
            await until(lambda: flows_wh(collection) == FLOWS_WH)
            assert collection.findings.counts[Kind.ALTERED] == 0


async def test_the_collector_comes_back_after_the_broker_was_away(tmp_path: Path) -> None:
    readings = readings_of("meter-1", REGISTERS, PAST)
    async with running_broker() as port:
        collection = Collection(tmp_path, port)
        task = asyncio.create_task(collection.collector.run())
        await until(lambda: collection.collector.connected)
    await until(lambda: collection.findings.counts[Kind.BROKER_UNAVAILABLE] > 0)
    async with running_broker(port):
        await until(lambda: collection.collector.connected)
        await publish(port, ("home-1", readings[0]))
        await until(lambda: collection.collector.stored == 1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_messages_of_other_topics_are_nobody_s_fault(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    for topic in ("homeassistant/sensor/x/config", "vdg/v1/home-1/telemetry", "vdg/v1/home-1/device/car/state"):
        collection.collector.take(topic, b"{}", retained=True)
    assert collection.findings.counts.total() == 0
    assert collection.collector.refused == 0
    collection.database.close()
