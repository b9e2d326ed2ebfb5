"""Where the station's messages are taken in."""

from __future__ import annotations

from clients.dso.collector.check import Arrival, TimeRules
from clients.dso.collector.check_station import StationRules, check_station
from clients.dso.collector.station_readings import StationReadings
from clients.dso.findings import Finding, Findings, Kind
from wire.mqtt import MessageError, decode
from wire.station import StationReading


class StationDesk:
    """Judges a station's readings and stores those that can be believed; counts both."""

    def __init__(self, rules: StationRules, times: TimeRules, readings: StationReadings, findings: Findings) -> None:
        self._rules = rules
        self._times = times
        self._readings = readings
        self._findings = findings
        self.stored = 0
        self.refused = 0

    def take(self, payload: bytes, arrival: Arrival) -> None:
        """Judge one message."""
        try:
            reading = decode(StationReading, payload)
        except MessageError as error:
            self.refused += 1
            self._findings.add(
                Finding(
                    Kind.MALFORMED,
                    self._rules.station,
                    None,
                    "; ".join(error.problems),
                    "send the station's readings as in docs/mqtt.md",
                )
            )
            return
        verdict = check_station(reading, arrival, self._readings.around(reading), self._rules, self._times)
        for finding in verdict.findings:
            self._findings.add(finding)
        if not verdict.accepted:
            self.refused += bool(verdict.findings)
            return
        self._readings.add(reading)
        self.stored += 1
