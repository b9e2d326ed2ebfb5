"""Whether a reading can be believed. Pure: the reading and what is stored around it in, findings out."""

from __future__ import annotations

from typing import NamedTuple

from clients.common.slots import SlotClock
from clients.dso.collector.readings import Neighbours, Stored
from clients.dso.findings import Finding, Kind
from wire.mqtt import Reading

# Of the nominal voltage, either way: beyond it no home has been supplied for ten minutes.
ABSURD_SHARE = 0.5


class Verdict(NamedTuple):
    """Whether the reading is stored, and what there is to say about it."""

    accepted: bool
    findings: tuple[Finding, ...] = ()


class Arrival(NamedTuple):
    """How a reading came: under which home's topic, when (Unix time), and whether the broker had kept it."""

    home: str
    time_s: float
    retained: bool


class TimeRules(NamedTuple):
    """``tolerance_s``: how far clocks may be apart. ``late_s``: after a slot's end a reading is late.

    ``nominal_v`` is what homes should have between phase and neutral.
    """

    clock: SlotClock
    tolerance_s: float
    late_s: float
    nominal_v: float = 230.0


def check_reading(reading: Reading, arrival: Arrival, around: Neighbours, rules: TimeRules) -> Verdict:
    """Judge one reading of a known meter; the first thing that speaks against it is the finding."""
    if around.same is not None:
        return _same_sequence(reading, arrival, around.same)
    finding = (
        _home(reading, arrival, around)
        or _time(reading, arrival, rules)
        or _order(reading, around)
        or _registers(reading, around)
    )
    if finding is not None:
        return Verdict(False, (finding,))
    return Verdict(True, tuple(f for f in (_gap(reading, around), _late(reading, arrival, rules)) if f))


def believable_voltage(reading: Reading, nominal_v: float) -> tuple[Reading, Finding | None]:
    """The reading, without its voltage if that can't be; the registers stand for themselves."""
    if reading.voltage_mv is None or not is_absurd_mv(reading.voltage_mv, nominal_v):
        return reading, None
    finding = _finding(
        Kind.ABSURD,
        reading,
        f"voltage_mv = {reading.voltage_mv} where {nominal_v:.0f} V is nominal",
        "the registers were taken without it; have the meter's voltage channel looked at",
    )
    return reading.model_copy(update={"voltage_mv": None}), finding


def is_absurd_mv(voltage_mv: int, nominal_v: float) -> bool:
    """Whether a slot's mean voltage is further from the nominal one than any supply."""
    return abs(voltage_mv / 1000 - nominal_v) > ABSURD_SHARE * nominal_v


def _same_sequence(reading: Reading, arrival: Arrival, stored: Stored) -> Verdict:
    # A voltage that could not be was not stored, nor was any before the table had a place for it.
    if stored.reading not in (reading, reading.model_copy(update={"voltage_mv": None})):
        return _refused(
            Kind.ALTERED,
            reading,
            f"sequence {reading.sequence} says {_registers_of(reading)} slot {reading.slot}, before it said"
            f" {_registers_of(stored.reading)} slot {stored.reading.slot}",
            "the first one stays; look for a second device or sender with this serial number",
        )
    if arrival.retained:
        return Verdict(False)  # What the broker keeps comes again with every subscription; that is no finding.
    return _refused(Kind.DUPLICATE, reading, f"sequence {reading.sequence} again", "nothing: it was stored before")


def _home(reading: Reading, arrival: Arrival, around: Neighbours) -> Finding | None:
    known = around.before or around.after
    if known is None or known.home == arrival.home:
        return None
    return _finding(
        Kind.WRONG_HOME,
        reading,
        f"came under the topic of home {arrival.home}, its readings come from {known.home}",
        "let the broker's accounts publish under their own home only; a meter that moves needs a new serial number",
    )


def _time(reading: Reading, arrival: Arrival, rules: TimeRules) -> Finding | None:
    end_s = rules.clock.end_s(reading.slot)
    if abs(reading.time_s - end_s) > rules.tolerance_s:
        return _finding(
            Kind.WRONG_TIME,
            reading,
            f"time_s = {reading.time_s}, but its slot ends at {end_s}",
            f"set the meter's clock (tolerance {rules.tolerance_s} s) or its epoch and slot length",
        )
    if end_s - arrival.time_s > rules.tolerance_s:
        return _finding(
            Kind.WRONG_TIME,
            reading,
            f"time_s = {reading.time_s} lies {end_s - arrival.time_s:.1f} s ahead",
            "a slot can't be read before its end: set the meter's clock, or this machine's",
        )
    return None


def _order(reading: Reading, around: Neighbours) -> Finding | None:
    before, after = around.before, around.after
    if around.slot_taken is not None:
        earlier = around.slot_taken.reading
    elif before is not None and before.reading.slot > reading.slot:
        earlier = before.reading
    elif after is not None and after.reading.slot < reading.slot:
        earlier = after.reading
    else:
        return None
    return _finding(
        Kind.JUMPED_BACK,
        reading,
        f"sequence {reading.sequence} is of slot {reading.slot}, but sequence {earlier.sequence} was of slot"
        f" {earlier.slot}",
        "sequence numbers grow by one with each slot; a replaced or reset meter needs a new serial number on chain",
    )


def _registers(reading: Reading, around: Neighbours) -> Finding | None:
    for stored, grows in ((around.before, True), (around.after, False)):
        if stored is None:
            continue
        low, high = (stored.reading, reading) if grows else (reading, stored.reading)
        if low.import_wh > high.import_wh or low.export_wh > high.export_wh:
            return _finding(
                Kind.JUMPED_BACK,
                reading,
                f"sequence {reading.sequence} has {_registers_of(reading)}, sequence {stored.reading.sequence} has"
                f" {_registers_of(stored.reading)}",
                "registers never fall; a replaced or reset meter needs a new serial number on chain",
            )
    return None


def _gap(reading: Reading, around: Neighbours) -> Finding | None:
    if around.before is None or around.after is not None:
        return None  # The first reading is a baseline; one in between fills a gap that was found before.
    last = around.before.reading
    slots, numbers = reading.slot - last.slot - 1, reading.sequence - last.sequence - 1
    if slots == 0 and numbers == 0:
        return None
    unproved = (
        f"slots {last.slot + 1} to {reading.slot} stay unproved unless the missing readings come: the meter is asked"
    )
    return _finding(
        Kind.GAP,
        reading,
        f"{slots} slots and {numbers} sequence numbers missing after sequence {last.sequence}, slot {last.slot}",
        unproved if slots else "no slot is missing: the meter took readings that it did not send",
    )


def _late(reading: Reading, arrival: Arrival, rules: TimeRules) -> Finding | None:
    delay_s = arrival.time_s - rules.clock.end_s(reading.slot)
    if arrival.retained or delay_s <= rules.late_s:
        return None
    return _finding(
        Kind.LATE, reading, f"came {delay_s:.1f} s after the slot's end", "the proof follows if its deadline allows"
    )


def _registers_of(reading: Reading) -> str:
    return f"import {reading.import_wh} Wh, export {reading.export_wh} Wh"


def _finding(kind: Kind, reading: Reading, value: str, way_out: str) -> Finding:
    return Finding(kind, reading.meter, reading.slot, value, way_out)


def _refused(kind: Kind, reading: Reading, value: str, way_out: str) -> Verdict:
    return Verdict(False, (_finding(kind, reading, value, way_out),))
