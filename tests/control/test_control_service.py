"""The DSO's services around a session: its death, what it believes of measurements, and whom it tells what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.common.broker import BrokerAddress
from clients.common.configuration import ConfigurationError
from clients.common.grid.shipped import load
from clients.common.slots import SlotClock
from clients.dso.control.connections import Connection, Connections, read_connections
from clients.dso.control.constraint import Cause, Demand, SlotView
from clients.dso.control.live_session import Ended
from clients.dso.control.service import Controlled, ControlService
from clients.dso.control.settings import ControlSettings
from clients.dso.control.station_link import StationLink
from tests.control.app_control_chain import CONTROLLER, VDG, AppControlChain, account
from tests.dso.app_chain import DSO
from wire.address import address_of
from wire.answered import Answered
from wire.assignment import Assignment, assignment_root, assignments
from wire.control import (
    ConfirmPhase,
    ControlLaw,
    ControlOutcome,
    ControlReason,
    ControlTerms,
    OpenControl,
    PccLimit,
    Phase,
    PostPhaseOrder,
    PostSignal,
)
from wire.mqtt import Topics
from wire.results import Code
from wire.station import PccNow, StationNow

TOPICS = Topics()
SLOT_SECONDS = 600
POINTS = frozenset({("f1", "a"), ("f1", "b")})
HOMES = frozenset({"h1", "h2"})
TERMS = ControlTerms(
    ControlReason.CONTROL_REASON_CURRENT,
    ControlLaw.CONTROL_LAW_SECANT,
    (PccLimit("f1-a", 1, True, 0),),
    tolerance_wh=10,
    max_iterations=9,
    iteration_seconds=600,
    assignment_root=bytes(32),
)


class Nothing:
    """Homes that have committed to nothing, and a grid that needs no control."""

    def of(self, _slot: int) -> dict[bytes, int]:
        return {}

    def demand(self, _view: SlotView) -> Demand | None:
        return None


def link_to_nobody() -> StationLink:
    clock = SlotClock(int(time.time()) - 60, SLOT_SECONDS)
    return StationLink(BrokerAddress(url="mqtt://127.0.0.1:1"), clock, POINTS, HOMES)


def service_on(chain: AppControlChain, homes: Connections | None = None) -> ControlService:
    clock = SlotClock(chain.epoch_s, SLOT_SECONDS)
    station = StationLink(BrokerAddress(url="mqtt://127.0.0.1:1"), clock, POINTS, HOMES)
    settings = ControlSettings.model_validate({"network": "thesis-50", "homes_csv": "/none"})
    nothing = Nothing()
    return ControlService(VDG, clock, homes or Connections([]), chain, station, nothing, nothing, nothing, settings, 10)  # type: ignore[arg-type] # nothing of them is asked for


def test_a_dso_that_died_in_mid_session_aborts_it_when_it_is_back() -> None:
    chain = AppControlChain(2, SLOT_SECONDS)

    async def died() -> None:
        assert (await chain.submit(OpenControl(VDG, 0, TERMS))).code is Code.OK
        assert (await chain.submit(PostSignal(VDG, 0, 1, 1, (-500,)))).code is Code.OK

    asyncio.run(died())
    asyncio.run(service_on(chain).recover())
    session = asyncio.run(chain.session(0, 1))
    assert session is not None
    assert session.outcome is ControlOutcome.CONTROL_OUTCOME_ABORTED
    assert session.signals == 1
    assert asyncio.run(chain.grid_control()).open_session == 0
    # And with nothing open there is nothing to do.
    asyncio.run(service_on(chain).recover())


def test_a_home_is_taken_to_be_where_its_switch_is_ordered_for_a_slot_and_else_where_it_has_said() -> None:
    chain = AppControlChain(2, SLOT_SECONDS, {"switches": [switch_of(0), switch_of(1)]})
    homes = Connections(Connection(account(number), f"h{number}", "f1", "a") for number in range(2))
    service = service_on(chain, homes)
    assert chain.execute(PostPhaseOrder(VDG, 1, account(0), Phase.PHASE_B), DSO).code is Code.OK
    assert asyncio.run(service.phases(0)) == {"h0": "a", "h1": "a"}
    assert asyncio.run(service.phases(1)) == {"h0": "b", "h1": "a"}
    confirmed = chain.execute(ConfirmPhase(VDG, 1, account(0), Phase.PHASE_C), CONTROLLER, ahead_s=SLOT_SECONDS)
    assert confirmed.code is Code.OK, confirmed.reason
    assert asyncio.run(service.phases(1)) == {"h0": "c", "h1": "a"}


def switch_of(number: int) -> dict[str, str]:
    controller = address_of(bytes(CONTROLLER.verify_key)).hex()
    switch = {"vdg": VDG, "account": account(number).hex(), "serial": f"S{number}", "controller": controller}
    return switch | {"feeder": "f1", "phase": "a"}


def test_the_slot_after_a_session_that_moved_flows_to_its_end_knows_why_and_later_ones_do_not() -> None:
    service = service_on(AppControlChain(2, SLOT_SECONDS))
    cause = Cause(ControlReason.CONTROL_REASON_CURRENT, "too much")
    needed = Ended(1, ControlOutcome.CONTROL_OUTCOME_CONVERGED, 3, 0.0, 1.0, (), needed=True)
    service.recent.append(Controlled(7, cause, needed))
    assert [service.held(slot) for slot in (6, 7, 8)] == [None, cause, None]
    service.recent.append(Controlled(8, cause, needed._replace(needed=False)))
    assert [service.held(slot) for slot in (7, 8)] == [None, None]


class Unmeasured:
    """Of a slot before the first, which nobody measures."""

    def station(self, _slot: int) -> None:
        return None

    def voltages_mv(self, _slot: int) -> dict[str, int]:
        return {}


class Much(Nothing):
    """A grid that always needs control."""

    def demand(self, view: SlotView) -> Demand | None:
        return Demand(view.slot, ControlReason.CONTROL_REASON_CURRENT, TERMS.pccs)


class Beginning(ControlService):
    """Notes when it would begin its first session, and ends there."""

    begun_s = 0.0

    async def control(self, demand: Demand, view: SlotView, start: tuple[int, ...] = ()) -> Ended:
        self.begun_s = time.time()
        raise asyncio.CancelledError


def test_a_session_begins_once_what_a_slot_begins_with_is_over() -> None:
    chain = AppControlChain(2, 2)
    clock = SlotClock(int(time.time()), 2)
    station = StationLink(BrokerAddress(url="mqtt://127.0.0.1:1"), clock, POINTS, HOMES)
    fields = {"network": "thesis-50", "homes_csv": "/none", "begin_s": 1.5}
    settings = ControlSettings.model_validate(fields)
    parts = (Connections([]), chain, station, Unmeasured(), Nothing(), Much(), settings, 10)
    service = Beginning(VDG, clock, *parts)  # type: ignore[arg-type] # no more is asked of them
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(service.run())
    assert (service.begun_s - clock.epoch_s) % 2 >= 1.5


def now(slot: int = 0, *, power_w: int = 100, points: frozenset[tuple[str, str]] = POINTS, ahead_s: float = 0) -> bytes:
    time_ms = int((time.time() + ahead_s) * 1000)
    pccs = tuple(
        PccNow(feeder=feeder, phase=phase, energy_wh=5, power_w=power_w)  # type: ignore[arg-type] # a phase
        for feeder, phase in sorted(points)
    )
    return StationNow(station="s", slot=slot, time_ms=time_ms, pccs=pccs).encode()


@pytest.mark.parametrize(
    "absurd",
    [
        lambda: b"{",
        lambda: now(power_w=2_000_000),
        lambda: now(slot=-1),
        lambda: now(slot=3),
        lambda: now(ahead_s=100),
        lambda: now(points=frozenset({("f1", "a")})),
        lambda: now(points=frozenset({("f9", "a"), ("f9", "b")})),
    ],
    ids=["no json", "power", "slot before", "later slot", "future", "point missing", "other points"],
)
def test_an_absurd_measurement_is_refused_and_the_last_one_stands(absurd: Callable[[], bytes]) -> None:
    link = link_to_nobody()
    link.take(TOPICS.station_now(), now())
    believed = link.now
    assert believed is not None
    link.take(TOPICS.station_now(), absurd())
    assert link.now is believed
    assert link.refused == 1


def test_what_a_home_says_it_has_answered_counts_for_itself_alone_and_not_ahead_of_time() -> None:
    link = link_to_nobody()
    said = Answered(slot=0, session=1, iteration=3, since_ms=int(time.time() * 1000))
    link.take(TOPICS.answered("h1"), said.encode())
    link.take(TOPICS.answered("stranger"), said.encode())
    link.take(TOPICS.answered("h2"), said.model_copy(update={"since_ms": said.since_ms + 60_000}).encode())
    link.take(TOPICS.answered("h2"), b"{}")
    assert link.answered == {"h1": said}
    assert link.refused == 2


def test_a_home_believes_its_own_entry_and_no_other() -> None:
    entries = {account(number): (f"f1-{'abc'[number % 3]}", bytes([number]) * 32) for number in range(7)}
    told = assignments(entries)
    assert {entry.root for entry in told.values()} == {assignment_root(entries).hex()}
    for address, entry in told.items():
        assert entry.proves(address)
        assert not any(entry.proves(other) for other in entries if other != address)
        assert not entry.model_copy(update={"pcc": "f2-a"}).proves(address)
        assert not entry.model_copy(update={"salt": "f" * 64}).proves(address)
        assert not entry.model_copy(update={"position": entry.total}).proves(address)
        assert Assignment.model_validate_json(entry.encode()).proves(address)


def test_a_file_of_homes_is_read_whole_and_every_fault_of_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "homes.csv"
    one, two = "0a" * 20, "0b" * 20
    path.write_text(f"account,home\n{one},f01load00001\n{two},f02load00051\n")
    connections = read_connections(path, load("thesis-50"))
    assert connections.by_home["f01load00001"].phase == "a"
    assert connections.by_account[bytes.fromhex(two)].feeder == "f02switch00002"
    path.write_text(f"account,home\n{one},nowhere\nXY,f01load00001\n{one}\n{one},f01load00002\n{one},f01load00003\n")
    with pytest.raises(ConfigurationError) as told:
        read_connections(path, load("thesis-50"))
    for line in (2, 3, 4, 6):
        assert f"line {line}: " in str(told.value)
    path.write_text("home\n")
    with pytest.raises(ConfigurationError, match="account,home"):
        read_connections(path, load("thesis-50"))
