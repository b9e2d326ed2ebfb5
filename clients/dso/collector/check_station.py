"""Whether a station's reading can be believed. Pure, as `check` is for meters."""

from __future__ import annotations

from typing import NamedTuple

from clients.common.grid.feeders import heads
from clients.common.grid.network import PHASES, Network
from clients.common.slots import SLOTS_PER_HOUR
from clients.dso.collector.check import Arrival, TimeRules, Verdict, is_absurd_mv
from clients.dso.collector.station_readings import StationNeighbours
from clients.dso.findings import Finding, Kind
from wire.station import PccFlow, StationReading

# Of a winding's rated current: no fuse carries more for ten minutes.
_ABSURD_LOADING = 4.0
# What a power may exceed voltage times current by: the meter's classes of accuracy, and the rounding of small ones.
_POWER_SHARE, _POWER_W = 1.1, 50.0


class StationRules(NamedTuple):
    """``pccs``: the feeders and phases that it measures; ``rated_a``: the transformer's current a phase."""

    station: str
    pccs: frozenset[tuple[str, str]]
    nominal_v: float
    rated_a: float

    @classmethod
    def of(cls, network: Network, station: str) -> StationRules:
        """What a network's station measures."""
        pccs = frozenset((line.id, phase) for line, _ in heads(network) for phase in PHASES)
        return cls(station, pccs, network.nominal_v, network.transformer.rating_va / 3 / network.nominal_v)


def check_station(
    reading: StationReading, arrival: Arrival, around: StationNeighbours, rules: StationRules, times: TimeRules
) -> Verdict:
    """Judge one reading; the first thing that speaks against it is the finding, and nothing of it is stored then."""
    if reading.station != rules.station:
        return _refused(
            Kind.UNKNOWN_METER,
            reading,
            f"the station of this grid is {rules.station}",
            "let the broker's accounts publish for their own station only, or correct grid.station",
        )
    if around.same is not None:
        return _same_sequence(reading, arrival, around.same)
    finding = _time(reading, arrival, times) or _order(reading, around) or _pccs(reading, rules)
    finding = finding or _busbar(reading, rules) or _flows(reading, rules)
    if finding is not None:
        return Verdict(False, (finding,))
    return Verdict(True, tuple(found for found in (_gap(reading, around), _late(reading, arrival, times)) if found))


def _same_sequence(reading: StationReading, arrival: Arrival, stored: StationReading) -> Verdict:
    if stored != reading:
        return _refused(
            Kind.ALTERED,
            reading,
            f"sequence {reading.sequence} came before with other content, for slot {stored.slot}",
            "the first one stays; look for a second sender with this station's name",
        )
    if arrival.retained:
        return Verdict(False)
    return _refused(Kind.DUPLICATE, reading, f"sequence {reading.sequence} again", "nothing: it was stored before")


def _time(reading: StationReading, arrival: Arrival, times: TimeRules) -> Finding | None:
    end_s = times.clock.end_s(reading.slot)
    if abs(reading.time_s - end_s) <= times.tolerance_s and end_s - arrival.time_s <= times.tolerance_s:
        return None
    return _finding(
        Kind.WRONG_TIME,
        reading,
        f"time_s = {reading.time_s}, its slot ends at {end_s}, it is {arrival.time_s:.1f}",
        f"set the station's clock (tolerance {times.tolerance_s} s) or its epoch and slot length",
    )


def _order(reading: StationReading, around: StationNeighbours) -> Finding | None:
    earlier = around.slot_taken
    if earlier is None and around.before is not None and around.before.slot > reading.slot:
        earlier = around.before
    if earlier is None and around.after is not None and around.after.slot < reading.slot:
        earlier = around.after
    if earlier is None:
        return None
    return _finding(
        Kind.JUMPED_BACK,
        reading,
        f"sequence {reading.sequence} is of slot {reading.slot}, but sequence {earlier.sequence} was of {earlier.slot}",
        "sequence numbers grow by one with each slot; a replaced station meter needs a new name",
    )


def _pccs(reading: StationReading, rules: StationRules) -> Finding | None:
    given = [(flow.feeder, flow.phase) for flow in reading.pccs]
    if len(given) == len(rules.pccs) and set(given) == rules.pccs:
        return None
    missing = ", ".join(f"{feeder} {phase}" for feeder, phase in sorted(rules.pccs - set(given)))
    unknown = ", ".join(f"{feeder} {phase}" for feeder, phase in sorted(set(given) - rules.pccs))
    parts = [text for text in (missing and f"missing: {missing}", unknown and f"unknown: {unknown}") if text]
    return _finding(
        Kind.WRONG_PCCS,
        reading,
        "; ".join(parts) or "a phase of a feeder stands there twice",
        "send each phase of each feeder of the grid's network once",
    )


def _busbar(reading: StationReading, rules: StationRules) -> Finding | None:
    for phase, voltage_mv in zip(PHASES, reading.busbar_mv, strict=True):
        if is_absurd_mv(voltage_mv, rules.nominal_v):
            return _absurd(reading, f"busbar_mv of phase {phase} = {voltage_mv}, {rules.nominal_v:.1f} V is nominal")
    return None


def _flows(reading: StationReading, rules: StationRules) -> Finding | None:
    for flow in reading.pccs:
        what = f"{flow.feeder} {flow.phase}"
        if flow.current_ma / 1000 > _ABSURD_LOADING * rules.rated_a:
            return _absurd(reading, f"current_ma of {what} = {flow.current_ma}, rated is {rules.rated_a:.0f} A")
        if abs(flow.energy_wh) * SLOTS_PER_HOUR > _most_w(flow, reading, rules):
            return _absurd(reading, f"energy_wh of {what} = {flow.energy_wh} with current_ma = {flow.current_ma}")
    return None


def _most_w(flow: PccFlow, reading: StationReading, rules: StationRules) -> float:
    """The most power that the current can have carried, means of a slot having been multiplied."""
    highest_v = max(*(voltage_mv / 1000 for voltage_mv in reading.busbar_mv), rules.nominal_v)
    return _POWER_SHARE * highest_v * flow.current_ma / 1000 + _POWER_W


def _gap(reading: StationReading, around: StationNeighbours) -> Finding | None:
    if around.before is None or around.after is not None or reading.slot == around.before.slot + 1:
        return None
    first, last = around.before.slot + 1, reading.slot - 1
    return _finding(
        Kind.GAP, reading, f"no reading of slots {first} to {last}", "these slots are judged by the homes' meters alone"
    )


def _late(reading: StationReading, arrival: Arrival, times: TimeRules) -> Finding | None:
    delay_s = arrival.time_s - times.clock.end_s(reading.slot)
    if arrival.retained or delay_s <= times.late_s:
        return None
    return _finding(
        Kind.LATE, reading, f"came {delay_s:.1f} s after the slot's end", "the slot after it was judged without it"
    )


def _absurd(reading: StationReading, value: str) -> Finding:
    return _finding(
        Kind.ABSURD, reading, value, "nothing of it was stored; have the station's meter and its transformers looked at"
    )


def _finding(kind: Kind, reading: StationReading, value: str, way_out: str) -> Finding:
    return Finding(kind, reading.station, reading.slot, value, way_out)


def _refused(kind: Kind, reading: StationReading, value: str, way_out: str) -> Verdict:
    return Verdict(False, (_finding(kind, reading, value, way_out),))
