"""From the broker to the table of readings."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from clients.dso.collector.check import Arrival, TimeRules, believable_voltage, check_reading
from clients.dso.collector.readings import Readings
from clients.dso.collector.station_desk import StationDesk
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.members import Members
from wire.mqtt import MessageError, Reading, Topics, decode

log = logging.getLogger(__name__)

_RECONNECT_SECONDS = 1.0


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
    ) -> None:
        """Prepare; without ``station`` what a transformer station says is passed over.

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
            except aiomqtt.MqttError as error:
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
            self.connected = True
            log.info("collecting readings from %s:%d", login.hostname, login.port)
            async for message in client.messages:
                payload = message.payload
                self.take(str(message.topic), payload if isinstance(payload, bytes) else b"", retained=message.retain)

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Judge one message, and store its reading if it can be believed."""
        if not topic.startswith(f"{self._topics.root}/"):
            # amqtt greets every client with what it keeps for anybody, such as Home Assistant's discovery messages.
            return
        if self._station is not None and topic == self._topics.station():
            self._station.take(payload, Arrival("station", time.time(), retained))
            return
        home = self._topics.home_of(topic)
        if topic != self._topics.reading(home):
            return
        try:
            reading = decode(Reading, payload)
        except MessageError as error:
            self.refused += 1
            self._findings.add(
                Finding(
                    Kind.MALFORMED,
                    f"(home {home})",
                    None,
                    "; ".join(error.problems),
                    "send readings as in docs/mqtt.md",
                )
            )
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
        verdict = check_reading(reading, arrival, self._readings.around(reading), self._rules)
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
        self._on_reading(reading.slot)
