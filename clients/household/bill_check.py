"""Whether a bill is the chain's: each of its slots proved again, and the slots between them looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clients.common.configuration import ConfigurationError
from clients.household.chain_reader import open_reader
from clients.household.configuration import HouseholdConfiguration
from wire.settlement import GetHouseholdRequest, HouseholdSettlement

_AT_ONCE = 32


class BillCheck(NamedTuple):
    """Slots by what the chain's proved state says of them.

    ``proved``: how many are the same to the last digit. ``different``: those that aren't. ``left_out``: settled on the
    chain, but not in the bill. ``gone``: how many the chain keeps no longer; the agent verified them when they settled.
    """

    proved: int
    different: tuple[int, ...]
    left_out: tuple[int, ...]
    gone: int

    @property
    def agrees(self) -> bool:
        """Whether nothing speaks against the bill."""
        return not self.different and not self.left_out

    @property
    def text(self) -> str:
        """For people."""
        parts = [f"{self.proved} slots proved"]
        if self.gone:
            parts.append(f"{self.gone} the chain keeps no longer")
        if self.different:
            parts.append(f"DIFFERENT on the chain: slots {', '.join(map(str, self.different))}")
        if self.left_out:
            parts.append(f"NOT IN THE BILL: slots {', '.join(map(str, self.left_out))}")
        return "; ".join(parts)


async def check_bills(
    configuration: HouseholdConfiguration, bills: Sequence[tuple[str, bytes, Mapping[int, HouseholdSettlement]]]
) -> list[BillCheck]:
    """Prove bills, each a grid, an account and what is known of its slots.

    Raises: ConfigurationError where the configuration believes gateways; Unverified, Unavailable, WrongChain.
    """
    if not configuration.verify:
        raise ConfigurationError("verify is false: give trust, and leave verify out, to have a bill verified")
    gate = asyncio.Semaphore(_AT_ONCE)
    async with open_reader(configuration) as chain:

        async def proved(request: GetHouseholdRequest) -> HouseholdSettlement | None:
            async with gate:
                answer = await chain.query(request)
            return answer.settlement if answer.found else None

        checks = []
        for vdg, account, known in bills:
            slots = range(min(known, default=0), max(known, default=-1) + 1)
            found = await asyncio.gather(*(proved(GetHouseholdRequest(vdg, slot, account)) for slot in slots))
            checks.append(_compare(known, {slot: one for slot, one in zip(slots, found, strict=True) if one}))
        return checks


def _compare(known: Mapping[int, HouseholdSettlement], found: dict[int, HouseholdSettlement]) -> BillCheck:
    same = [slot for slot, one in found.items() if known.get(slot) == one]
    different = tuple(slot for slot, one in found.items() if slot in known and known[slot] != one)
    left_out = tuple(slot for slot in found if slot not in known)
    return BillCheck(len(same), different, left_out, len(known.keys() - found.keys()))
