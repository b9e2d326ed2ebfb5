"""The chain as the DSO's daemon needs it: one grid's queries, and transactions that are sent exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from wire.flowproof import FlowProof, SubmitProofs
from wire.grid import Grid, Member, SetCaps, SetRebates, SlotTerms
from wire.results import Code

# The highest cap that the chain takes: no home draws so much.
NO_CAP_WH = 10**12


class ChainUnavailable(Exception):
    """The chain can't be asked now, or what became of a transaction isn't known; the text says why."""


class Outcome(NamedTuple):
    """What became of a transaction: the code it got in a block (or at the door), and the reason in words."""

    code: Code
    reason: str


class GridChain(Protocol):
    """One grid on a chain. Every method may raise ChainUnavailable."""

    async def grid(self) -> Grid:
        """The grid's parameters, among them the proof key."""
        ...

    async def members(self) -> list[Member]:
        """All members."""
        ...

    async def proofs(self, slot: int) -> list[FlowProof]:
        """The proofs of a slot that are in."""
        ...

    async def terms(self, first_slot: int, slots: int) -> Sequence[SlotTerms]:
        """What was posted for consecutive slots."""
        ...

    async def wait_for_block_after(self, time_s: int) -> None:
        """Return when the next block's time will be at or after a Unix time.

        A block's time is that of the votes on the one before, so it is the next but one after the moment.
        """
        ...

    async def submit(self, message: SubmitProofs | SetRebates | SetCaps) -> Outcome:
        """Send a transaction and wait for its result."""
        ...
