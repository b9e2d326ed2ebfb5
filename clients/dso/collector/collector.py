"""From the broker to the table of readings."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from clients.dso.collector.check import Arrival, TimeRules, Verdict, believable_voltage, check_reading
from clients.dso.collector.readings import Readings
from clients.dso.collector.recalls import Recalls
from clients.dso.collector.station_desk import StationDesk
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.members import Members
from wire.mqtt import MessageError, Reading, Topics, decode
from wire.recall import Gone

log = logging.getLogger(__name__)

_RECONNECT_SECONDS = 1.0
# What the broker has kept comes first, so that nothing is asked for that is under way.
_SETTLE_SECONDS = 1.0
_LOOK_SECONDS = 0.5


class Collector:
    """Follows all meters of a grid; calls ``on_reading`` with the slot of each reading that it stored."""

    def __init__(
        self,
        address: BrokerAddress,
        rules: TimeRules,
        members: Members,
        readings: Readings,
        findings: Findings,
        on_reading: Callable[[int], None],
        station: StationDesk | None = None,
        recalls: Recalls | None = None,
    ) -> None:
        """Prepare; without ``station`` what a transformer station says is passed over, without ``recalls`` nothing
        that is missing is asked for.

        Raises: ConfigurationError when the broker's login is incomplete.
        """
        self._address = address
        self._login = broker_login(address)
        self._topics = Topics(address.topic_root)
        self._rules = rules
        self._members = members
        self._readings = readings
        self._findings = findings
        self._on_reading = on_reading
        self._station = station
        self.recalls = recalls
        self.connected = False
        self.stored = 0
        self.refused = 0

    async def run(self) -> None:
        """Collect until cancelled, reconnecting as often as needed. The session persists: the broker keeps what
        comes meanwhile, and its retained readings show where each meter stands.
        """
        while True:
            try:
                await self._follow()
            except* aiomqtt.MqttError as errors:
                error = errors.exceptions[0]
                if self.connected or not self._findings.counts[Kind.BROKER_UNAVAILABLE]:
                    self._findings.add(
                        Finding(
                            Kind.BROKER_UNAVAILABLE,
                            "",
                            None,
                            f"{self._login.hostname}:{self._login.port}: {error}",
                            "it is tried again every second; start the broker or correct mqtt.url",
                        )
                    )
                self.connected = False
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _follow(self) -> None:
        login = self._login
        async with aiomqtt.Client(
            login.hostname,
            login.port,
            identifier=self._address.client_id,
            username=login.username,
            password=login.password,
            tls_context=login.tls,
            clean_session=False,
        ) as client:
            await client.subscribe(self._topics.reading("+"), qos=1)
            if self._station is not None:
                await client.subscribe(self._topics.station(), qos=1)
            if self.recalls is not None:
                await client.subscribe(self._topics.gone("+"), qos=0)
            self.connected = True
            log.info("collecting readings from %s:%d", login.hostname, login.port)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(client))
                if self.recalls is not None:
                    group.create_task(self._ask(client, self.recalls))

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload
            self.take(str(message.topic), payload if isinstance(payload, bytes) else b"", retained=message.retain)

    async def _ask(self, client: aiomqtt.Client, recalls: Recalls) -> None:
        """Ask meters for what is missing, again and again."""
        await asyncio.sleep(_SETTLE_SECONDS)
        while True:
            for home, recall in recalls.due(time.time()):
                log.info("asking %s again for %d readings", recall.meter, len(recall.slots))
                # Nothing is lost when a request is: it is sent again.
                await client.publish(self._topics.recall(home), recall.encode(), qos=0)
            await asyncio.sleep(_LOOK_SECONDS)

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Judge one message, and store its reading if it can be believed."""
        if not topic.startswith(f"{self._topics.root}/"):
            # amqtt greets every client with what it keeps for anybody, such as Home Assistant's discovery messages.
            return
        if self._station is not None and topic == self._topics.station():
            self._station.take(payload, Arrival("station", time.time(), retained))
            return
        home = self._topics.home_of(topic)
        if topic == self._topics.reading(home):
            self._take_reading(home, payload, retained=retained)
        elif topic == self._topics.gone(home) and self.recalls is not None and not retained:
            try:
                self.recalls.gone(home, decode(Gone, payload))
            except MessageError as error:
                self._malformed(home, error, "say what is gone as in docs/mqtt.md")

    def _malformed(self, home: str, error: MessageError, way_out: str) -> None:
        self.refused += 1
        self._findings.add(Finding(Kind.MALFORMED, f"(home {home})", None, "; ".join(error.problems), way_out))

    def _take_reading(self, home: str, payload: bytes, *, retained: bool) -> None:
        try:
            reading = decode(Reading, payload)
        except MessageError as error:
            self._malformed(home, error, "send readings as in docs/mqtt.md")
            return
        if not self._members.has_meter(reading.meter):
            self.refused += 1
            self._findings.add(
                Finding(
                    Kind.UNKNOWN_METER,
                    reading.meter,
                    reading.slot,
                    f"came under home {home}, no member of the grid has this meter",
                    "connect the household with its meter (vdg grid add-member), or correct the serial number",
                )
            )
            return
        arrival = Arrival(home, time.time(), retained)
        around = self._readings.around(reading)
        verdict = check_reading(reading, arrival, around, self._rules)
        if not verdict.accepted and self._is_asked_for(reading, verdict):
            return
        for finding in verdict.findings:
            self._findings.add(finding)
        if not verdict.accepted:
            self.refused += bool(verdict.findings)
            return
        reading, absurd = believable_voltage(reading, self._rules.nominal_v)
        if absurd is not None:
            self._findings.add(absurd)
        self._readings.add(reading, home)
        self.stored += 1
        if self.recalls is not None:
            self.recalls.stored(reading, around)
        self._on_reading(reading.slot)

    def _is_asked_for(self, reading: Reading, verdict: Verdict) -> bool:
        """Whether a reading that is not stored is a second answer to requests; notes what meters need not be asked."""
        if self.recalls is None:
            return False
        kinds = {finding.kind for finding in verdict.findings}
        if kinds == {Kind.DUPLICATE}:
            return self.recalls.answers_twice(reading)
        if kinds and Kind.WRONG_HOME not in kinds:
            self.recalls.refused(reading)
        return False
