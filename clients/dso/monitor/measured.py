"""What the measurements of the last slot say of the limits: nothing is solved, nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clients.common.grid.feeders import heads
from clients.common.grid.limits import Breach, Limits
from clients.common.grid.network import PHASES, THREE_PHASE, Line, Network
from wire.station import StationReading


class Measured:
    """Compares what station and homes measured with a network's limits."""

    def __init__(self, network: Network, limits: Limits) -> None:
        self._network = network
        self._limits = limits
        self._buses = {home.id: home.bus for home in network.homes}
        self._line_of = {line.id: narrowest(network, line) for line, _ in heads(network)}
        self._rated_a = network.transformer.rating_va / 3 / network.nominal_v

    def worst(
        self, slot: int, station: StationReading | None, voltages_mv: Mapping[str, int], phases: Mapping[str, str]
    ) -> Breach | None:
        """The limit of which most was used in ``slot``, if one was reached.

        ``voltages_mv`` and ``phases`` are by home; homes that the network doesn't have are passed over.
        """
        seen = [*self._voltages(slot, voltages_mv, phases), *self._station(slot, station)]
        reached = [breach for breach in seen if abs(breach.value) >= breach.limit]
        return max(reached, key=lambda breach: abs(breach.value) / breach.limit, default=None)

    def _voltages(self, slot: int, voltages_mv: Mapping[str, int], phases: Mapping[str, str]) -> Iterator[Breach]:
        for home, voltage_mv in sorted(voltages_mv.items()):
            if home in self._buses:
                phase = phases.get(home, THREE_PHASE)
                yield self._deviation(slot, f"home {home} (bus {self._buses[home]} phase {phase})", voltage_mv)

    def _station(self, slot: int, station: StationReading | None) -> Iterator[Breach]:
        if station is None:
            return
        low_bus = self._network.transformer.low_bus
        through_a = dict.fromkeys(PHASES, 0.0)
        for phase, voltage_mv in zip(PHASES, station.busbar_mv, strict=True):
            yield self._deviation(slot, f"bus {low_bus} phase {phase}", voltage_mv)
        for flow in station.pccs:
            line = self._line_of[flow.feeder]
            share = 100 * flow.current_ma / 1000 / line.type.phase_limit_a
            yield Breach(slot, "line current", f"line {line.id} phase {flow.phase}", share, self._limits.line_percent)
            # Feeders of opposite directions pass each other by without going through the transformer.
            through_a[flow.phase] += flow.current_ma / 1000 * (1 if flow.energy_wh >= 0 else -1)
        loaded = 100 * max(abs(current_a) for current_a in through_a.values()) / self._rated_a
        yield Breach(slot, "transformer", self._network.transformer.id, loaded, self._limits.transformer_percent)

    def _deviation(self, slot: int, where: str, voltage_mv: int) -> Breach:
        nominal_v = self._network.nominal_v
        value = 100 * (voltage_mv / 1000 - nominal_v) / nominal_v
        kind = "voltage high" if value > 0 else "voltage low"
        return Breach(slot, kind, where, value, self._limits.deviation_percent)


def narrowest(network: Network, head: Line) -> Line:
    """Of the lines that carry all of a feeder's flow, up to the first home or branch, the one with the lowest limit."""
    narrow, line, bus = head, head, network.transformer.low_bus
    homes_at = {home.bus for home in network.homes}
    while True:
        bus = line.to_bus if line.from_bus == bus else line.from_bus
        onward = [other for other in network.lines if other != line and bus in (other.from_bus, other.to_bus)]
        if bus in homes_at or len(onward) != 1:
            return narrow
        (line,) = onward
        if line.type.phase_limit_a < narrow.type.phase_limit_a:
            narrow = line
