"""Readings that are missing: which ones, when their meters are asked for them again, and when that is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from clients.common.slots import SlotClock
from clients.dso.collector.readings import Neighbours, Readings
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.members import Members
from wire.mqtt import Reading
from wire.recall import RECALL_SLOTS_MAX, Gone, Recall

_SHOWN_SLOTS = 8


class RecallRules(NamedTuple):
    """``window_slots``: how many ended slots may be asked for, those whose proofs can still be in time.

    ``grace_s``: how long after a slot's end a reading may take before it is missing. A meter is asked ``most_asks``
    times for a slot, after pauses that double from ``first_pause_s`` to ``longest_pause_s``.
    """

    clock: SlotClock
    window_slots: int
    grace_s: float
    first_pause_s: float = 2.0
    longest_pause_s: float = 600.0
    most_asks: int = 12

    @classmethod
    def of(cls, clock: SlotClock, proof_deadline_slots: int, grace_s: float) -> RecallRules:
        """What a grid's slots allow: a flow needs the readings of both ends of its slot."""
        window_slots = min(proof_deadline_slots + 2, RECALL_SLOTS_MAX)
        return cls(clock, window_slots, grace_s, first_pause_s=min(2.0, max(0.5, clock.slot_seconds / 2)))


class Ask(NamedTuple):
    """One request, and the home under whose topic its meter listens."""

    home: str
    recall: Recall


class Counts(NamedTuple):
    """Readings, since the start: ``missing`` now and still to be asked for; ``filled`` after a request; ``lost``."""

    missing: int
    filled: int
    lost: int


@dataclass
class _Missing:
    asks: int = 0
    next_s: float = 0.0


class Recalls:
    """Keeps what is missing of each member's meter in the last slots, also of those before this process began.

    Pure but for its table and findings: time comes in, requests come out.
    """

    def __init__(self, rules: RecallRules, members: Members, readings: Readings, findings: Findings) -> None:
        self._rules = rules
        self._members = members
        self._readings = readings
        self._findings = findings
        self._next_slot: int | None = None
        self._missing: dict[str, dict[int, _Missing]] = {}
        # What came after it was asked for: more answers to several requests are nobody's fault.
        self._answered: dict[str, set[int]] = {}
        # A reading that was refused would be refused again.
        self._refused: dict[str, set[int]] = {}
        self._filled: dict[str, set[int]] = {}
        self._filled_count = 0
        self._lost_count = 0

    @property
    def counts(self) -> Counts:
        """How it stands."""
        return Counts(sum(map(len, self._missing.values())), self._filled_count, self._lost_count)

    def due(self, now_s: float) -> list[Ask]:
        """The requests to send now (Unix time): one a meter at most. Tells which gaps were filled or are lost."""
        oldest = self._look(now_s)
        asks = []
        for meter in sorted(self._missing):
            self._give_up(meter, oldest, now_s)
            slots = [slot for slot, missing in sorted(self._missing[meter].items()) if missing.next_s <= now_s]
            slots = slots[:RECALL_SLOTS_MAX]
            home = self._readings.home_of(meter) if slots else None
            # Of a meter that was never heard it isn't known where it listens, and its first reading is its baseline.
            if home is not None:
                for slot in slots:
                    self._asked(self._missing[meter][slot], now_s)
                asks.append(Ask(home, Recall(meter=meter, slots=tuple(slots))))
        self._missing = {meter: slots for meter, slots in self._missing.items() if slots}
        self._tell_filled()
        return asks

    def stored(self, reading: Reading, around: Neighbours) -> None:
        """A reading was taken in; ``around`` is what was stored around it before."""
        missing = self._missing.get(reading.meter, {}).pop(reading.slot, None)
        if missing is not None and missing.asks:
            self._answered.setdefault(reading.meter, set()).add(reading.slot)
            self._filled_count += 1
        if around.before is not None and around.after is not None:
            self._filled.setdefault(reading.meter, set()).add(reading.slot)

    def refused(self, reading: Reading) -> None:
        """A reading came from its own home and can't be believed: the meter has nothing better to say of this slot."""
        if self._next_slot is not None and -1 <= reading.slot <= self._next_slot + 1:
            self._refused.setdefault(reading.meter, set()).add(reading.slot)
        self._missing.get(reading.meter, {}).pop(reading.slot, None)

    def answers_twice(self, reading: Reading) -> bool:
        """Whether a reading that came before comes again since it was asked for."""
        return reading.slot in self._answered.get(reading.meter, ())

    def gone(self, home: str, message: Gone) -> None:
        """A meter no longer has some of what it was asked for; other slots and meters are passed over."""
        missing = self._missing.get(message.meter, {})
        if home != self._readings.home_of(message.meter):
            return
        slots = [slot for slot in message.slots if slot in missing and missing[slot].asks]
        for slot in slots:
            del missing[slot]
        self._lose(message.meter, slots, "the meter no longer has")

    def _look(self, now_s: float) -> int:
        """Note what is missing of slots whose grace has passed; return the first slot that may still be asked for."""
        ended = self._rules.clock.slot_at(now_s - self._rules.grace_s)
        oldest = max(-1, ended - self._rules.window_slots)
        first = oldest
        # A clock that was set back is no reason to wait until it has caught up.
        if self._next_slot is not None and self._next_slot <= ended + 1:
            first = max(self._next_slot, oldest)
        for slot in range(first, ended):
            read = self._readings.meters_read(slot)
            # A member needs its registers of the end of the slot before its first.
            for member in self._members.in_slot(slot + 1):
                if member.meter not in read and slot not in self._refused.get(member.meter, ()):
                    self._missing.setdefault(member.meter, {}).setdefault(slot, _Missing())
        self._next_slot = max(first, ended)
        for kept in (self._answered, self._refused):
            for meter in kept:
                kept[meter] = {slot for slot in kept[meter] if slot >= oldest}
        return oldest

    def _asked(self, missing: _Missing, now_s: float) -> None:
        pause_s = min(self._rules.longest_pause_s, self._rules.first_pause_s * 2.0**missing.asks)
        missing.asks += 1
        missing.next_s = now_s + pause_s

    def _give_up(self, meter: str, oldest: int, now_s: float) -> None:
        missing = self._missing[meter]
        if not self._members.has_meter(meter):
            missing.clear()
        over = {
            slot: each.asks
            for slot, each in sorted(missing.items())
            if slot < oldest or (each.asks >= self._rules.most_asks and each.next_s <= now_s)
        }
        for slot in over:
            del missing[slot]
        if over:
            self._lose(meter, list(over), f"asked up to {max(over.values())} times, the meter did not send")

    def _lose(self, meter: str, slots: list[int], what: str) -> None:
        """Tell what won't come. Of a meter's time before its first reading, and after its last, nothing is told here:
        the one needn't be, and the other is `silent`.
        """
        known = self._readings.slots_between(meter)
        lost = [slot for slot in slots if known is not None and known[0] < slot < known[1]]
        if not lost:
            return
        self._lost_count += len(lost)
        self._findings.add(
            Finding(
                Kind.GAP_LOST,
                meter,
                lost[-1],
                f"{what} the readings of {_named(lost)}",
                "these slots and the ones after them settle without its proof; see after the meter and its memory",
            )
        )

    def _tell_filled(self) -> None:
        for meter, slots in sorted(self._filled.items()):
            left = len(self._missing.get(meter, ()))
            self._findings.add(
                Finding(
                    Kind.GAP_FILLED,
                    meter,
                    max(slots),
                    f"the missing readings of {_named(sorted(slots))} have come",
                    f"{left} more are missing and asked for"
                    if left
                    else "nothing: their slots are proved if the deadline allows",
                )
            )
        self._filled = {}


def _named(slots: list[int]) -> str:
    """Slots in words, not more than a line can take."""
    if len(slots) > 2 and slots[-1] - slots[0] == len(slots) - 1:
        return f"slots {slots[0]} to {slots[-1]}"
    shown = ", ".join(map(str, slots[:_SHOWN_SLOTS]))
    more = len(slots) - _SHOWN_SLOTS
    return f"slot{'s' if len(slots) > 1 else ''} {shown}{f' and {more} more' if more > 0 else ''}"
