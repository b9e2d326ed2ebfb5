"""What station and homes measured, as far as it could be believed: the collector's tables by the network's names."""

from __future__ import annotations

from clients.dso.collector.readings import Readings
from clients.dso.collector.station_readings import StationReadings
from clients.dso.control.connections import Connections
from clients.dso.members import Members
from wire.station import StationReading


class Measurements:
    """Read-only; what was refused isn't there."""

    def __init__(
        self, readings: Readings, stations: StationReadings, members: Members, connections: Connections
    ) -> None:
        self._readings = readings
        self._stations = stations
        self._members = members
        self._connections = connections

    def station(self, slot: int) -> StationReading | None:
        """The station's reading of a slot, if it came."""
        return self._stations.of_slot(slot)

    def voltages_mv(self, slot: int) -> dict[str, int]:
        """The mean voltage of a slot by home, of those that measured one."""
        by_meter = self._readings.voltages_mv(slot)
        found = {}
        for member in self._members.in_slot(slot):
            connection = self._connections.by_account.get(member.account)
            if connection is not None and member.meter in by_meter:
                found[connection.home] = by_meter[member.meter]
        return found
