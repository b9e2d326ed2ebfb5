"""What the signer refuses before it looks at its record: a statement and a time in, a refusal or nothing out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from clients.common.slots import SlotClock
from wire.address import ADDRESS_BYTES
from wire.flowproof import FlowStatement

_MAX_METER_CHARACTERS = 64


class Reason(IntEnum):
    """Why a statement is refused; the numbers of ``RefusalReason`` in signer.proto, in order of precedence."""

    MALFORMED = 1
    UNKNOWN_GRID = 2
    SLOT_NOT_OVER = 3
    SLOT_TOO_OLD = 4
    IMPLAUSIBLE_FLOW = 5
    WRONG_METER = 6
    CONFLICT = 7


class Refusal(NamedTuple):
    """A refused statement: the field, its value and what to do; for CONFLICT also what was signed."""

    reason: Reason
    field: str
    value: str
    way_out: str
    signed: FlowStatement | None = None

    def __str__(self) -> str:
        return f"{self.reason.name} {self.field} = {self.value}: {self.way_out}"


class GridRules(NamedTuple):
    """The rules of one VDG; ``meters`` maps accounts to their meters, None when any meter goes."""

    clock: SlotClock
    max_flow_wh: int
    oldest_slots: int
    meters: Mapping[bytes, str] | None


class Policy:
    """The rules of every grid that may be signed for, by (chain id, vdg)."""

    def __init__(self, grids: Mapping[tuple[str, str], GridRules], clock_tolerance_s: float) -> None:
        self._grids = dict(grids)
        self._clock_tolerance_s = clock_tolerance_s

    def refusals(self, statements: Sequence[FlowStatement], now_s: float) -> list[Refusal | None]:
        """For each statement the first rule that it breaks, or None. ``now_s`` is Unix time."""
        return [self._refusal(statement, now_s) for statement in statements]

    def _refusal(self, statement: FlowStatement, now_s: float) -> Refusal | None:
        if len(statement.account) != ADDRESS_BYTES:
            return Refusal(
                Reason.MALFORMED, "account", statement.account.hex(), f"give an address of {ADDRESS_BYTES} bytes"
            )
        if not 0 < len(statement.meter) <= _MAX_METER_CHARACTERS:
            return Refusal(Reason.MALFORMED, "meter", statement.meter, f"give 1 to {_MAX_METER_CHARACTERS} characters")
        rules = self._grids.get((statement.chain_id, statement.vdg))
        if rules is None:
            return Refusal(
                Reason.UNKNOWN_GRID,
                "chain_id, vdg",
                f"{statement.chain_id}, {statement.vdg}",
                f"the signer's file names {', '.join('/'.join(name) for name in sorted(self._grids))}; add the grid"
                " there and restart the signer, or ask for one of these",
            )
        return self._time_refusal(statement, rules, now_s) or self._value_refusal(statement, rules)

    def _time_refusal(self, statement: FlowStatement, rules: GridRules, now_s: float) -> Refusal | None:
        wait_s = rules.clock.end_s(statement.slot) - now_s
        if wait_s > self._clock_tolerance_s:
            return Refusal(
                Reason.SLOT_NOT_OVER,
                "slot",
                str(statement.slot),
                f"it is over in {wait_s:.1f} s by the signer's clock: ask again then, or set the clocks right",
            )
        if -wait_s > rules.oldest_slots * rules.clock.slot_seconds:
            return Refusal(
                Reason.SLOT_TOO_OLD,
                "slot",
                str(statement.slot),
                f"it was over {-wait_s:.0f} s ago and only the last {rules.oldest_slots} slots are signed"
                " (oldest_slots): leave it unproved",
            )
        return None

    @staticmethod
    def _value_refusal(statement: FlowStatement, rules: GridRules) -> Refusal | None:
        if abs(statement.flow_wh) > rules.max_flow_wh:
            return Refusal(
                Reason.IMPLAUSIBLE_FLOW,
                "flow_wh",
                str(statement.flow_wh),
                f"at most {rules.max_flow_wh} Wh either way are plausible in a slot (max_flow_wh): check the meter",
            )
        if rules.meters is None:
            return None
        meter = rules.meters.get(statement.account)
        if meter != statement.meter:
            known = f"the signer's list has {meter}" if meter else "the signer's list has no meter"
            return Refusal(
                Reason.WRONG_METER,
                "meter",
                statement.meter,
                f"{known} for account {statement.account.hex()}: correct meters_csv and restart the signer, or ask"
                " with the listed meter",
            )
        return None
