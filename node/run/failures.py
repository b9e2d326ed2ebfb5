"""What the chain itself recorded as gone wrong: due work that was refused, and proof keys that signed two values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from node.run.part import Part
from wire.chain import DueFailed
from wire.flowproof import Equivocation
from wire.results import Code


class DueFailedReport(Part):
    """A piece of due work that was refused: it changed nothing and is not tried again."""

    work: str = Field(description="what was due: gate, slot_proved, slot_deadline, slot_forgotten, payout, …")
    due_s: int = Field(description="the time at which it was due, Unix seconds")
    code: str = Field(description="the name of the result code")
    reason: str


class EquivocationReport(Part):
    """Evidence that the proof key signed two values for one slot and account."""

    slot: int = Field(description="the slot of the day")
    home: str
    first_wh: int | None
    second_wh: int | None
    height: int = Field(description="the block in which it was recorded")


def due_failed_report(event: DueFailed) -> DueFailedReport:
    """A piece of due work, by its event."""
    item = event.item
    return DueFailedReport(
        work="" if item is None else item.moment.name.removeprefix("MOMENT_").lower(),
        due_s=0 if item is None else item.time_s,
        code=Code(event.code).name,
        reason=event.reason,
    )


def equivocation_report(evidence: Equivocation, day_slot: int, homes: Mapping[bytes, str]) -> EquivocationReport:
    """Evidence; ``day_slot`` is the day's midnight, ``homes`` are the accounts' homes."""
    account = b"" if evidence.first is None else evidence.first.account
    return EquivocationReport(
        slot=evidence.slot - day_slot,
        home=homes.get(account, account.hex()),
        first_wh=None if evidence.first is None else evidence.first.flow_wh,
        second_wh=None if evidence.second is None else evidence.second.flow_wh,
        height=evidence.height,
    )


def failure_problems(due: Iterable[DueFailedReport], evidence: Iterable[EquivocationReport]) -> list[str]:
    """Both in words: due work once for each kind and code, with how often and the first one's reason."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for failed in due:
        kinds.setdefault((failed.work, failed.code), []).append(failed.reason)
    return [
        f"due work ({work}) failed {len(reasons)} times, first by {code}: {reasons[0]}"
        for (work, code), reasons in kinds.items()
    ] + [
        f"the proof key signed two values for slot {one.slot} of {one.home}: {one.first_wh} and {one.second_wh} Wh"
        for one in evidence
    ]
