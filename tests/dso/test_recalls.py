"""Readings that are missing: that their meters are asked for them, and what comes of every answer and of none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.common.broker import BrokerAddress
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.collector.recalls import Ask, RecallRules, Recalls
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.members import Members
from tests.dso.mqtt_broker import TOPICS, readings_of
from wire.grid import Member
from wire.mqtt import Reading
from wire.recall import RECALL_SLOTS_MAX, Gone, Recall

PAST = 1_000
SLOTS = 10
READINGS = readings_of("meter-1", [(100 + 10 * n, 50 + n) for n in range(SLOTS)], PAST)
# As the collector's time is given to it, slots of a day leave room for all requests; the first reading's ends at 0.
SLOT_S = 86_400
RULES = RecallRules(SlotClock(-(PAST + 1) * SLOT_S, SLOT_S), window_slots=SLOTS, grace_s=0.0)
# All slots have ended.
NOW_S = float((SLOTS - 1) * SLOT_S)


class Desk:
    """A collector without a broker, that asks."""

    def __init__(self, folder: Path) -> None:
        self.database = open_database(folder / "dso.sqlite", "chain", "grid")
        self.members = Members([Member("grid", bytes(20), "meter-1", PAST + 1)])
        self.readings = Readings(self.database)
        self.start()

    def start(self) -> None:
        """Begin anew with what is on disk."""
        self.findings = Findings()
        self.recalls = Recalls(RULES, self.members, self.readings, self.findings)
        rules = TimeRules(SlotClock(0, 1), tolerance_s=0.5, late_s=10**10)
        address = BrokerAddress(url="mqtt://dso@127.0.0.1:1")
        self.collector = Collector(
            address, rules, self.members, self.readings, self.findings, lambda slot: None, recalls=self.recalls
        )

    def take(self, *readings: Reading, home: str = "home-1") -> None:
        """Give readings."""
        for reading in readings:
            self.collector.take(TOPICS.reading(home), reading.encode(), retained=False)

    def say_gone(self, *slots: int, home: str = "home-1") -> None:
        """The meter has no memory of these."""
        self.collector.take(TOPICS.gone(home), Gone(meter="meter-1", slots=slots).encode(), retained=False)

    def asked(self, now_s: float) -> list[int]:
        """The slots that are asked for now."""
        asks = self.recalls.due(now_s)
        assert {(ask.home, ask.recall.meter) for ask in asks} <= {("home-1", "meter-1")}
        assert len(asks) <= 1
        return [slot for ask in asks for slot in ask.recall.slots]

    def stored(self) -> list[int]:
        """The slots with a reading."""
        return [slot for slot in range(PAST, PAST + SLOTS) if self.readings.meters_read(slot)]

    def kinds(self) -> list[Kind]:
        """What was found."""
        return [Kind(str(finding["kind"])) for finding in self.findings.recent]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A new one."""
    found = Desk(tmp_path)
    with closing(found.database):
        yield found


def without(*lost: int) -> list[Reading]:
    """All readings but these."""
    return [reading for n, reading in enumerate(READINGS) if n not in lost]


def slots(*numbers: int) -> list[int]:
    """The slots of readings."""
    return [PAST + n for n in numbers]


@settings(max_examples=60)
@given(
    lost=st.sets(st.integers(0, SLOTS - 2)),
    forgotten=st.sets(st.integers(0, SLOTS - 1)),
    # What becomes of each request: whether it arrives, and in which order how many of the answers do.
    ways=st.lists(st.tuples(st.booleans(), st.permutations(range(SLOTS)), st.integers(0, SLOTS)), max_size=6),
    restart=st.booleans(),
)
def test_whatever_is_lost_and_however_answers_come_all_that_the_meter_remembers_is_there_in_the_end(
    tmp_path_factory: pytest.TempPathFactory,
    lost: set[int],
    forgotten: set[int],
    ways: Sequence[tuple[bool, list[int], int]],
    restart: bool,
) -> None:
    desk = Desk(tmp_path_factory.mktemp("recalls"))
    with closing(desk.database):
        desk.take(*without(*lost))
        if restart:
            desk.start()
        now_s = NOW_S
        everything = (True, list(range(SLOTS)), SLOTS)
        for arrives, order, answers in [*ways, everything]:
            asked = [slot - PAST for slot in desk.asked(now_s)]
            assert set(asked) <= lost
            sent = [n for n in order if n in asked and n not in forgotten][: answers if arrives else 0]
            desk.take(*[READINGS[n] for n in sent])
            gone = [n for n in asked if n in forgotten]
            if arrives and gone:
                desk.say_gone(*slots(*gone))
            now_s += RULES.longest_pause_s
        assert desk.stored() == slots(*sorted(set(range(SLOTS)) - (lost & forgotten)))
        assert desk.asked(now_s) == []
        kinds = desk.kinds()
        assert desk.recalls.counts.missing == 0
        assert set(kinds) <= {Kind.GAP, Kind.GAP_FILLED, Kind.GAP_LOST}
        # What is lost for good is told once; not what was before the first reading that there is.
        first = min(set(range(SLOTS)) - lost)
        gone_for_good = lost & forgotten
        assert len({n for n in gone_for_good if n > first}) <= desk.recalls.counts.lost <= len(gone_for_good)


def test_a_gap_is_asked_for_at_once_and_told_when_it_is_filled(desk: Desk) -> None:
    desk.take(*without(3, 4, 7))
    assert desk.asked(NOW_S) == slots(3, 4, 7)
    desk.take(READINGS[7], READINGS[3])
    assert desk.recalls.counts == (1, 2, 0)
    desk.asked(NOW_S + 0.5)
    told = desk.findings.recent[-1]
    assert (told["kind"], told["slot"]) == (Kind.GAP_FILLED, PAST + 7)
    assert told["value"] == "the missing readings of slots 1003, 1007 have come"
    assert "1 more" in str(told["way_out"])
    desk.take(READINGS[4])
    desk.asked(NOW_S + 0.5)
    assert desk.findings.recent[-1]["way_out"] == "nothing: their slots are proved if the deadline allows"
    assert desk.kinds() == [Kind.GAP, Kind.GAP, Kind.GAP_FILLED, Kind.GAP_FILLED]


def test_after_a_restart_the_slots_of_before_are_asked_for_and_those_that_have_just_ended(desk: Desk) -> None:
    desk.take(*READINGS[2:4])
    desk.start()
    assert desk.asked(NOW_S) == slots(0, 1, 4, 5, 6, 7, 8, 9)
    desk.take(*READINGS[4:], *READINGS[:2])
    assert desk.asked(NOW_S + 100) == slots()
    assert desk.stored() == slots(*range(SLOTS))
    assert desk.recalls.counts == (0, 8, 0)


def test_nobody_is_asked_before_the_grace_nor_whose_topic_is_not_known(desk: Desk) -> None:
    assert desk.asked(NOW_S) == []
    desk.take(READINGS[0])
    late = RULES._replace(grace_s=30.0)
    desk.recalls = Recalls(late, desk.members, desk.readings, desk.findings)
    assert desk.asked(SLOT_S + 29.0) == []
    assert desk.asked(SLOT_S + 30.0) == slots(1)


def test_a_meter_that_never_answers_is_asked_ever_less_often_and_not_for_ever(desk: Desk) -> None:
    desk.take(*without(4))
    times_s = [now_s for now_s in range(int(NOW_S), int(NOW_S) + 4_000) if desk.asked(float(now_s))]
    pauses_s = [after - before for before, after in pairwise(times_s)]
    assert pauses_s == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert len(times_s) == RULES.most_asks
    lost = [finding for finding in desk.findings.recent if finding["slot"] == PAST + 4]
    assert [finding["kind"] for finding in lost] == [Kind.GAP_LOST]
    assert "asked up to 12 times, the meter did not send the readings of slot 1004" in str(lost[0]["value"])


def test_what_can_no_longer_be_proved_is_not_asked_for_and_the_gap_stays_a_finding(desk: Desk) -> None:
    desk.take(*without(1))
    assert desk.asked(NOW_S) == slots(1)
    assert PAST + 1 not in desk.asked(NOW_S + 2 * SLOT_S)
    assert desk.kinds() == [Kind.GAP, Kind.GAP_LOST]
    assert PAST + 1 not in desk.asked(NOW_S + 3 * SLOT_S)
    assert desk.kinds() == [Kind.GAP, Kind.GAP_LOST]


def test_garbage_strangers_and_slots_that_nobody_asked_for_end_no_request(desk: Desk) -> None:
    desk.take(*without(4, 5))
    desk.say_gone(*slots(4, 5))
    assert desk.asked(NOW_S) == slots(4, 5)
    desk.say_gone(*slots(4, 5), home="home-2")
    topic = TOPICS.gone("home-1")
    for payload in (b"", b"\xff", b"[]", b'{"meter":"meter-1","slots":[]}', b'{"meter":"meter-1","slots":[5,4]}'):
        desk.collector.take(topic, payload, retained=False)
    desk.collector.take(topic, Gone(meter="meter-9", slots=(1,)).encode(), retained=False)
    desk.collector.take(topic, Gone(meter="meter-1", slots=(PAST + 4,)).encode(), retained=True)
    desk.collector.take(TOPICS.reading("home-1"), b"{", retained=False)
    assert desk.kinds() == [Kind.GAP] + [Kind.MALFORMED] * 6
    assert desk.asked(NOW_S + 2) == slots(4, 5)
    desk.say_gone(*slots(4, 9))
    assert desk.kinds()[-1] is Kind.GAP_LOST
    assert desk.asked(NOW_S + 6) == slots(5)
    desk.take(READINGS[4])
    assert PAST + 4 in desk.stored()


def test_a_second_answer_is_no_finding_but_what_nobody_asked_for_is(desk: Desk) -> None:
    desk.take(*without(4))
    assert desk.asked(NOW_S) == slots(4)
    desk.take(READINGS[4], READINGS[4])
    assert desk.kinds() == [Kind.GAP]
    desk.take(READINGS[3])
    assert desk.kinds() == [Kind.GAP, Kind.DUPLICATE]
    desk.take(READINGS[4].model_copy(update={"import_wh": 1}))
    assert desk.kinds() == [Kind.GAP, Kind.DUPLICATE, Kind.ALTERED]


def test_a_reading_that_can_not_be_believed_is_not_asked_for_again(desk: Desk) -> None:
    fallen = READINGS[4].model_copy(update={"import_wh": 1})
    desk.take(*READINGS[:4])
    assert desk.asked(3.0 * SLOT_S) == []
    desk.take(fallen, *READINGS[5:])
    assert desk.asked(NOW_S) == []
    assert desk.kinds() == [Kind.JUMPED_BACK, Kind.GAP]
    # A process that doesn't know of it asks once.
    desk.start()
    assert desk.asked(NOW_S) == slots(4)
    desk.take(fallen)
    assert desk.asked(NOW_S + 100) == []
    assert desk.kinds() == [Kind.JUMPED_BACK]


def test_a_clock_that_was_far_ahead_keeps_nobody_from_being_asked(desk: Desk) -> None:
    desk.take(*without(4))
    desk.asked(NOW_S + 1_000 * SLOT_S)
    assert desk.asked(NOW_S) == slots(4)
    desk.take(READINGS[4])
    assert desk.asked(NOW_S + 2) == []


def test_who_is_no_member_any_more_is_not_asked(desk: Desk) -> None:
    desk.take(*without(4))
    assert desk.asked(NOW_S) == slots(4)
    desk.members.replace([])
    assert desk.asked(NOW_S + 2) == []
    assert desk.recalls.counts == (0, 0, 0)


def test_a_request_is_never_larger_than_a_meter_reads() -> None:
    rules = RecallRules.of(SlotClock(0, 600), proof_deadline_slots=7 * 144, grace_s=30)
    assert rules.window_slots == RECALL_SLOTS_MAX
    most = Ask("home-1", Recall(meter="m" * 64, slots=tuple(range(2**52, 2**52 + RECALL_SLOTS_MAX))))
    assert len(most.recall.encode()) < 4_096
    quick = RecallRules.of(SlotClock(0, 1), proof_deadline_slots=6, grace_s=0.4)
    assert (quick.window_slots, quick.first_pause_s) == (8, 0.5)
