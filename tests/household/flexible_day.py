"""A home's flexible devices in a day that is lived without a broker: messages and commands go by hand."""

from __future__ import annotations

from clients.household.devices import Moment, Roster
from clients.household.flexible.loads import FlexibleLoads, loads_of
from clients.household.home import Home
from clients.household.planner.planner import Planner
from clients.household.terms import Terms
from emulator.household import Household
from emulator.messages import telemetry
from node.run.devices import device_sections
from wire.device import AnswerCode, DeviceAnswer, DeviceTopics
from wire.mqtt import Topics

TOPICS = Topics()
GRID_LIMIT_W = 17_250


class FlexibleDay:
    """``home``'s loads, and the emulated devices of ``household`` that they are about."""

    def __init__(self, home: Home, household: Household, planner: Planner) -> None:
        self.home = home
        self.household = household
        sections = device_sections(household.devices.values())
        home.flexible = FlexibleLoads(home.id, loads_of(home.id, sections, TOPICS), planner, GRID_LIMIT_W)
        self.loads = home.flexible
        self.roster = Roster(self.loads.devices, TOPICS)
        self.refused: list[DeviceAnswer] = []
        self._sequence = 0

    def begin_slot(self, terms: Terms, slot: int) -> None:
        """The devices tell, and take what is planned for the slot that begins."""
        self.now = Moment(terms.clock.start_s(slot) + 0.001, float(terms.clock.start_s(slot)))
        self._tell()
        self.loads.command(slot, terms, self.now)
        self._obey()

    def follow(self, terms: Terms) -> None:
        """The telemetry has come: bring the slot to where it should end."""
        for _ in range(3):
            running = self.home.measurements.running
            assert running is not None
            target_wh = self.home.committed_wh(running.slot)
            if target_wh is None:
                return
            self.loads.follow(running, target_wh, terms, self.now)
            self._obey()
            first = next(iter(self.household.devices.values()))
            self.home.measurements.take_telemetry(telemetry(self.household.powers(), first.clock))

    def _tell(self) -> None:
        for name, device in self.household.devices.items():
            self._sequence += 1
            paths = DeviceTopics(TOPICS, self.home.id, name)
            self.roster.receive(paths.rating, device.rating.encode(), True, self.now)
            self.roster.receive(paths.online, b"true", True, self.now)
            self.roster.receive(paths.state, device.state(self._sequence).encode(), False, self.now)
            state = device.state(self._sequence)
            self.home.measurements.take_device(name, state.time_ms, state.power_w)

    def _obey(self) -> None:
        if not self.roster.outgoing:
            return
        while self.roster.outgoing:
            outgoing = self.roster.outgoing.popleft()
            name = outgoing.topic.split("/")[-2]
            verdict = self.household.devices[name].offer(outgoing.payload, retained=False)
            answer = DeviceAnswer(
                device=name,
                code=verdict.code,
                reason=verdict.reason,
                time_ms=int(self.now.unix_s * 1000),
                sequence=verdict.sequence,
            )
            if verdict.code is not AnswerCode.ACCEPTED:
                self.refused.append(answer)
            paths = DeviceTopics(TOPICS, self.home.id, name)
            self.roster.receive(paths.answer, answer.encode(), False, self.now)
        self.household.commanded()
        self._tell()
