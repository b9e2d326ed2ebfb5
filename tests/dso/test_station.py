"""The station's readings and the homes' voltages: what is stored, and what is refused or contained, and why."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.common.broker import BrokerAddress
from clients.common.grid.shipped import load
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.check_station import StationRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.collector.station_desk import StationDesk
from clients.dso.collector.station_readings import StationReadings
from clients.dso.control.connections import Connection, Connections
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.members import Members
from clients.dso.monitor.measurements import Measurements
from emulator.homes import neighbourhood
from emulator.station import Station
from tests.dso.mqtt_broker import TOPICS, readings_of
from wire.grid import Member
from wire.station import StationReading

NETWORK = load("thesis-33")
PAST = 1_000
NOMINAL_V = NETWORK.nominal_v


class Station33:
    """A collector that follows the station of the thesis's network, without a broker."""

    def __init__(self, folder: Path) -> None:
        self.database = open_database(folder / "dso.sqlite", "chain", "grid")
        self.findings = Findings()
        self.readings = Readings(self.database)
        self.stations = StationReadings(self.database)
        times = TimeRules(SlotClock(0, 1), tolerance_s=0.5, late_s=10**10, nominal_v=NOMINAL_V)
        self.desk = StationDesk(StationRules.of(NETWORK, "thesis-33"), times, self.stations, self.findings)
        members = Members([Member("grid", bytes(20), "meter-1", 0)])
        address = BrokerAddress(url="mqtt://dso@127.0.0.1:1")
        self.collector = Collector(address, times, members, self.readings, self.findings, lambda slot: None, self.desk)

    def take(self, content: StationReading | bytes, *, retained: bool = False) -> list[Kind]:
        """Give the station's message; the kinds of the findings that it made."""
        before = len(self.findings.recent)
        payload = content.encode() if isinstance(content, StationReading) else content
        self.collector.take(TOPICS.station(), payload, retained=retained)
        return [Kind(str(finding["kind"])) for finding in list(self.findings.recent)[before:]]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station33]:
    """A new one."""
    found = Station33(tmp_path)
    yield found
    found.database.close()


def reading_of(sequence: int = 7, **changes: Any) -> StationReading:
    """What the emulated station measures of a slot in which every home takes 1 kW."""
    world = Station.of(neighbourhood())
    assert world is not None
    seen = world.measure(dict.fromkeys((home.id for home in NETWORK.homes), 1_000.0))
    slot = PAST + sequence
    fields: dict[str, Any] = {"station": "thesis-33", "sequence": sequence, "slot": slot, "time_s": slot + 1}
    return StationReading(**(fields | {"busbar_mv": seen.busbar_mv, "pccs": seen.pccs} | changes))


READING = reading_of()


def test_what_the_emulated_station_measures_is_stored_as_it_came(station: Station33) -> None:
    assert station.take(READING) == []
    assert station.stations.of_slot(READING.slot) == READING
    assert (station.desk.stored, station.desk.refused) == (1, 0)
    assert station.take(READING, retained=True) == []
    assert station.desk.refused == 0


def flow(number: int, **changes: Any) -> tuple[Any, ...]:
    """The PCCs with one of them changed."""
    pccs = list(READING.pccs)
    pccs[number] = pccs[number].model_copy(update=changes)
    return tuple(pccs)


@pytest.mark.parametrize(
    ("changed", "kind", "named"),
    [
        ({"station": "elsewhere"}, Kind.UNKNOWN_METER, "thesis-33"),
        ({"time_s": READING.time_s + 2}, Kind.WRONG_TIME, "its slot ends at"),
        ({"slot": 10**12, "time_s": 10**12 + 1}, Kind.WRONG_TIME, "it is"),
        ({"pccs": READING.pccs[1:]}, Kind.WRONG_PCCS, "missing: f01switch00001 a"),
        ({"pccs": flow(0, feeder="f09")}, Kind.WRONG_PCCS, "unknown: f09 a"),
        ({"pccs": (*READING.pccs, READING.pccs[0])}, Kind.WRONG_PCCS, "twice"),
        ({"busbar_mv": (0, 230_000, 230_000)}, Kind.ABSURD, "busbar_mv of phase a = 0"),
        ({"busbar_mv": (230_000, 230_000, 2_300_000)}, Kind.ABSURD, "busbar_mv of phase c"),
        ({"pccs": flow(1, current_ma=10**7)}, Kind.ABSURD, "current_ma of f01switch00001 b"),
        ({"pccs": flow(2, energy_wh=10**9)}, Kind.ABSURD, "energy_wh of f01switch00001 c"),
        ({"pccs": flow(2, energy_wh=-(10**4))}, Kind.ABSURD, "energy_wh of f01switch00001 c"),
    ],
)
def test_a_measurement_that_cannot_be_is_refused_with_its_reason_and_nothing_of_it_is_stored(
    station: Station33, changed: dict[str, Any], kind: Kind, named: str
) -> None:
    bad = READING.model_copy(update=changed)
    assert station.take(bad) == [kind]
    assert named in str(station.findings.recent[-1]["value"])
    assert station.findings.recent[-1]["way_out"]
    assert (station.desk.stored, station.desk.refused) == (0, 1)
    assert station.stations.of_slot(bad.slot) is None
    # The true one comes later, and is taken.
    assert station.take(READING) == []


def test_a_reading_that_is_replayed_or_altered_changes_nothing(station: Station33) -> None:
    station.take(reading_of(7))
    station.take(reading_of(8))
    assert station.take(reading_of(8)) == [Kind.DUPLICATE]
    assert station.take(reading_of(8, busbar_mv=(231_000,) * 3)) == [Kind.ALTERED]
    assert station.take(reading_of(9, slot=PAST + 3, time_s=PAST + 4)) == [Kind.JUMPED_BACK]
    assert station.take(reading_of(9, slot=PAST + 8, time_s=PAST + 9)) == [Kind.JUMPED_BACK]
    assert station.stations.of_slot(PAST + 8) == reading_of(8)


def test_a_missing_reading_is_told_and_may_come_late(station: Station33) -> None:
    station.take(reading_of(7))
    assert station.take(reading_of(9)) == [Kind.GAP]
    assert "slots 1008 to 1008" in str(station.findings.recent[-1]["value"])
    assert station.take(reading_of(8)) == []
    assert station.take(reading_of(6)) == []


@settings(max_examples=30)
@given(
    payload=st.binary(max_size=60) | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_comes_under_the_stations_topic_harms_nothing(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes
) -> None:
    found = Station33(tmp_path_factory.mktemp("station"))
    with closing(found.database):
        assert found.take(payload) == [Kind.MALFORMED]
        assert found.desk.stored == 0


def test_readings_are_kept_for_so_many_slots_and_the_last_for_ever(station: Station33) -> None:
    for sequence in (1, 2, 3):
        station.take(reading_of(sequence))
    station.stations.forget_before(PAST + 3)
    assert [station.stations.of_slot(PAST + n) is not None for n in (1, 2, 3)] == [False, False, True]
    station.stations.forget_before(PAST + 100)
    assert station.stations.of_slot(PAST + 3) == reading_of(3)


def test_a_homes_voltage_is_stored_with_its_reading(station: Station33) -> None:
    first, second = readings_of("meter-1", [(100, 50), (140, 50)], PAST)
    for reading in (first, second.model_copy(update={"voltage_mv": 231_500})):
        station.collector.take(TOPICS.reading("home-1"), reading.encode(), retained=False)
    assert station.readings.voltages_mv(PAST) == {}
    assert station.readings.voltages_mv(PAST + 1) == {"meter-1": 231_500}
    assert station.findings.counts == {}


@pytest.mark.parametrize("voltage_mv", [0, 1_000, 400_000, 2**53 - 1])
def test_an_absurd_voltage_is_left_out_and_the_registers_are_taken(station: Station33, voltage_mv: int) -> None:
    (reading,) = readings_of("meter-1", [(100, 50)], PAST)
    absurd = reading.model_copy(update={"voltage_mv": voltage_mv})
    station.collector.take(TOPICS.reading("home-1"), absurd.encode(), retained=False)
    assert station.readings.voltages_mv(PAST) == {}
    assert station.readings.meters_read(PAST) == {"meter-1"}
    (finding,) = station.findings.recent
    assert finding["kind"] == "absurd"
    assert str(voltage_mv) in str(finding["value"])
    # As a retained message it comes again with every connection; that is no alarm.
    station.collector.take(TOPICS.reading("home-1"), absurd.encode(), retained=True)
    assert len(station.findings.recent) == 1


def test_control_sees_the_voltages_of_homes_by_their_names_and_nothing_of_strangers(station: Station33) -> None:
    members = Members([Member("grid", bytes([n]) * 20, f"meter-{n}", 0) for n in (1, 2, 3)])
    homes = [Connection(bytes([n]) * 20, f"f01load0000{n}", "f01switch00001", "a") for n in (1, 2)]
    seen = Measurements(station.readings, station.stations, members, Connections(homes))
    for name in ("meter-1", "meter-3", "meter-9"):
        (reading,) = readings_of(name, [(100, 50)], READING.slot)
        station.readings.add(reading.model_copy(update={"voltage_mv": 240_000}), "home")
    assert seen.voltages_mv(READING.slot) == {"f01load00001": 240_000}
    assert seen.voltages_mv(READING.slot + 1) == {}
    assert seen.station(READING.slot) is None
    station.take(READING)
    assert seen.station(READING.slot) == READING


def test_a_table_of_before_is_taken_over_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "dso.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            """
            CREATE TABLE identity (chain_id TEXT NOT NULL, vdg TEXT NOT NULL) STRICT;
            CREATE TABLE readings (
                meter TEXT NOT NULL, sequence INTEGER NOT NULL, slot INTEGER NOT NULL, time_s INTEGER NOT NULL,
                import_wh INTEGER NOT NULL, export_wh INTEGER NOT NULL, home TEXT NOT NULL,
                PRIMARY KEY (meter, sequence), UNIQUE (slot, meter)
            ) STRICT, WITHOUT ROWID;
            INSERT INTO identity VALUES ('chain', 'grid');
            INSERT INTO readings VALUES ('meter-1', 4, 1000, 1001, 100, 50, 'home-1');
            PRAGMA application_id = 1986291524;
            PRAGMA user_version = 1;
            """
        )
    found = Station33(tmp_path)
    with closing(found.database):
        assert found.readings.meters_read(PAST) == {"meter-1"}
        assert found.take(READING) == []
        again = readings_of("meter-1", [(100, 50)], PAST)[0].model_copy(update={"sequence": 4})
        found.collector.take(TOPICS.reading("home-1"), again.encode(), retained=True)
        assert found.findings.counts == {}
