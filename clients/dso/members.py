"""Which meter measures which household, as the chain has it."""

from __future__ import annotations

from collections.abc import Iterable

from wire.grid import Member


class Members:
    """The members of one grid."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._by_meter: dict[str, Member] = {}
        self.replace(members)

    def __len__(self) -> int:
        return len(self._by_meter)

    def replace(self, members: Iterable[Member]) -> None:
        """Take over what the chain says now."""
        self._by_meter = {member.meter: member for member in members}

    def has_meter(self, meter: str) -> bool:
        """Whether a serial number is some member's."""
        return meter in self._by_meter

    def in_slot(self, slot: int) -> list[Member]:
        """Who was a member in a slot, in order of address."""
        members = (member for member in self._by_meter.values() if member.since_slot <= slot)
        return sorted(members, key=lambda member: member.account)
