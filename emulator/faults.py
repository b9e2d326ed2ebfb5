"""Faults of meters and of the way their readings take, to order: for tests and demonstrations of what comes then."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from wire.mqtt import Reading


class FaultKind(StrEnum):
    """What goes wrong with the readings of some slots."""

    DROP = "drop"
    """They are lost on their way."""
    FORGET = "forget"
    """They are lost, and the meter doesn't remember them."""
    DELAY = "delay"
    """Each arrives ``amount`` slots later, behind newer ones."""
    DUPLICATE = "duplicate"
    """Each arrives twice."""
    CORRUPT = "corrupt"
    """Half of each message is cut off."""
    JUMP_BACK = "jump_back"
    """The registers show ``amount`` Wh less than before."""
    STOP = "stop"
    """The meter says nothing from the first slot on, for good."""
    LATE = "late"
    """The meter is cut off and sends all of them, in order, after the last slot."""


DEFAULT_AMOUNT = {FaultKind.DELAY: 1, FaultKind.JUMP_BACK: 1_000}


@dataclass(frozen=True)
class Fault:
    """A fault of one home's meter in slots ``first_slot`` to ``last_slot``."""

    kind: FaultKind
    home: str
    first_slot: int
    last_slot: int
    amount: int

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Reads ``KIND:HOME:FIRST-LAST[:AMOUNT]`` (or ``:SLOT``). Raises ValueError naming the part at fault."""
        parts = text.split(":")
        kinds = ", ".join(FaultKind)
        if len(parts) not in (3, 4):
            raise ValueError(f"fault is {text!r}; give KIND:HOME:FIRST-LAST[:AMOUNT] with a KIND of {kinds}")
        if parts[0] not in set(FaultKind):
            raise ValueError(f"fault kind is {parts[0]!r}; give one of {kinds}")
        kind = FaultKind(parts[0])
        first, dash, last = parts[2].partition("-")
        amount = parts[3] if len(parts) == 4 else str(DEFAULT_AMOUNT.get(kind, 0))
        if not first.isdecimal() or (dash and not last.isdecimal()) or int(last or first) < int(first):
            raise ValueError(f"fault slots are {parts[2]!r}; give SLOT or FIRST-LAST, such as 10-12")
        if not amount.isdecimal():
            raise ValueError(f"fault amount is {amount!r}; give a whole number, 0 or more")
        return cls(kind, parts[1], int(first), int(last or first), int(amount))

    def strikes(self, home: str, slot: int) -> bool:
        """Whether the reading of a slot is concerned."""
        after_start = slot >= self.first_slot
        return home == self.home and after_start and (slot <= self.last_slot or self.kind is FaultKind.STOP)


@dataclass
class Faults:
    """All faults of a run, and the readings they hold back."""

    faults: list[Fault] = field(default_factory=list)
    _held: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)

    def deliver(self, home: str, reading: Reading) -> list[bytes]:
        """The payloads that leave the meter at the end of ``reading.slot``, in order."""
        held = self._held.setdefault(home, [])
        fault = self._of(home, reading.slot)
        payloads = [reading.encode()]
        match fault.kind if fault else None:
            case FaultKind.DROP | FaultKind.FORGET | FaultKind.STOP:
                payloads = []
            case FaultKind.DUPLICATE:
                payloads *= 2
            case FaultKind.CORRUPT:
                payloads = [payloads[0][: len(payloads[0]) // 2]]
            case FaultKind.JUMP_BACK:
                payloads = [self.shown(home, reading).encode()]
            case FaultKind.DELAY if fault:
                held.append((reading.slot + fault.amount, payloads.pop()))
            case FaultKind.LATE if fault:
                held.append((fault.last_slot, payloads.pop()))
        due = [payload for slot, payload in held if slot <= reading.slot]
        self._held[home] = [item for item in held if item[0] > reading.slot]
        return payloads + due

    def shown(self, home: str, reading: Reading) -> Reading:
        """A reading as the meter shows it, the first time and whenever it is asked again."""
        fault = self._of(home, reading.slot)
        if fault is None or fault.kind is not FaultKind.JUMP_BACK:
            return reading
        less = {
            "import_wh": max(0, reading.import_wh - fault.amount),
            "export_wh": max(0, reading.export_wh - fault.amount),
        }
        return reading.model_copy(update=less)

    def cut_off(self, home: str, last_slot: int) -> bool:
        """Whether nothing reaches a meter whose newest reading is of ``last_slot``."""
        fault = self._of(home, last_slot)
        if fault is None:
            return False
        return fault.kind is FaultKind.STOP or (fault.kind is FaultKind.LATE and last_slot < fault.last_slot)

    def under_way(self, home: str, slot: int, last_slot: int) -> bool:
        """Whether the reading of a slot has left the meter and will still arrive."""
        fault = self._of(home, slot)
        return fault is not None and fault.kind is FaultKind.DELAY and last_slot < slot + fault.amount

    def forgotten(self, home: str, slot: int) -> bool:
        """Whether the meter has no memory of a slot."""
        fault = self._of(home, slot)
        return fault is not None and fault.kind is FaultKind.FORGET

    def _of(self, home: str, slot: int) -> Fault | None:
        return next((fault for fault in self.faults if fault.strikes(home, slot)), None)
