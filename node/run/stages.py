"""The three time scales of a run: what each product's orders asked for, beyond what was contracted before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from clients.common.configuration import ConfigurationError
from clients.household.database import Database
from clients.household.offers import OfferRules
from clients.household.plan import PERMILLE
from clients.household.slot_records import Decided
from node.run.part import Part
from node.run.timing import Timing
from wire.market import Contract, Side


class StageReport(Part):
    """A product's orders that stood when their books closed, as their homes decided on them.

    What an order may ask for is the difference between what the home's plan wanted to have contracted in all for the
    order's slots, and what the chain had contracted for it in products that closed before.
    """

    product: str
    orders: int
    ordered_wh: int
    on_top: int = Field(description="orders for slots in which the home had contracts from earlier products")
    beyond: int = Field(description="orders for more than the difference, or for the other side")
    beyond_wh: int = Field(description="by how much in all")


class Made(NamedTuple):
    """A contract and the time of its block (Unix seconds)."""

    contract: Contract
    time_s: float


def read_decisions(file: Path) -> tuple[Decided, ...]:
    """The orders of the homes whose agent keeps a file; none where it has not begun to. Raises: sqlite3.Error."""
    if not file.exists():
        return ()
    try:
        database = Database.read_only(file)
    except ConfigurationError:
        # Interrupted before the agent had made its tables: it has decided nothing.
        return ()
    try:
        return tuple(database.slots.standing())
    finally:
        database.close()


def stages(
    decisions: Iterable[Decided], accounts: Mapping[str, bytes], made: Iterable[Made], timing: Timing
) -> list[StageReport]:
    """By product's name; ``decisions``: orders that stood; ``accounts``: by home.

    A standing order may lag behind the plan by what isn't material (`OfferRules`).
    """
    contracted: defaultdict[tuple[bytes, int], list[tuple[float, int]]] = defaultdict(list)
    for each, time_s in made:
        contracted[(each.buyer, each.slot)].append((time_s, each.energy_wh))
        contracted[(each.seller, each.slot)].append((time_s, -each.energy_wh))
    sums: dict[str, StageReport] = {}
    for row in decisions:
        closed_s = timing.slot_start_s(row.made_in + 1)
        before = [
            energy_wh
            for slot in range(row.slot, row.slot + row.slots)
            for time_s, energy_wh in contracted[(accounts[row.home], slot)]
            if time_s < closed_s
        ]
        beyond_wh = _beyond_wh(row, row.contracted_wh + row.wanted_wh - sum(before))
        so_far = sums.get(row.product) or StageReport(
            product=row.product, orders=0, ordered_wh=0, on_top=0, beyond=0, beyond_wh=0
        )
        sums[row.product] = StageReport(
            product=row.product,
            orders=so_far.orders + 1,
            ordered_wh=so_far.ordered_wh + row.energy_wh,
            on_top=so_far.on_top + bool(before),
            beyond=so_far.beyond + bool(beyond_wh),
            beyond_wh=so_far.beyond_wh + beyond_wh,
        )
    return [sums[name] for name in sorted(sums)]


def _beyond_wh(row: Decided, difference_wh: int) -> int:
    """What an order asks for beyond a difference (positive = to buy), and beyond what a standing one is left for."""
    rules = OfferRules()
    may_wh = max(0, difference_wh if row.side == Side.SIDE_BID else -difference_wh)
    left_wh = max(rules.material_wh, row.energy_wh * rules.material_permille // PERMILLE)
    return max(0, row.energy_wh - may_wh - left_wh)
