"""The limits of a plan that can give where they contradict each other, in the order in which they give."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from clients.household.planner.vector import Indices, Vector, runs

# Less than this of a unit (Wh, kelvin, a run) is the solver's tolerance, not a violation.
VIOLATION = 1e-4


class Limit(IntEnum):
    """What gives, the first first: what costs only money, then the battery's wear, then comfort, last the fuse.

    What is never given up: the energy balance, the power and the capacity of every device.
    """

    PV = 1
    CYCLES = 2
    END_ENERGY = 3
    STATE_OF_CHARGE = 4
    COMFORT = 5
    APPLIANCE = 6
    CAR = 7
    GRID = 8

    @property
    def field(self) -> str:
        """The field of a plan's file that sets the limit."""
        return _FIELDS[self]


_FIELDS = {
    Limit.PV: "pv_wh",
    Limit.CYCLES: "max_cycles",
    Limit.END_ENERGY: "end_energy_wh",
    Limit.STATE_OF_CHARGE: "min_soc/max_soc",
    Limit.COMFORT: "min_c/max_c",
    Limit.APPLIANCE: "deadline_slot",
    Limit.CAR: "needed_wh",
    Limit.GRID: "grid_limit_w",
}

# What happens, with the amount and the unit put in; what a person can do about it.
_WORDS = {
    Limit.PV: (
        "{amount:.0f} Wh of the sun are left unused{when}: nothing can take them",
        "raise grid_limit_w, or make room in the battery before",
    ),
    Limit.CYCLES: (
        "{owner} moves {amount:.0f} Wh more than its cycles allow",
        "allow more cycles, or loosen end_energy_wh",
    ),
    Limit.END_ENERGY: (
        "{owner} ends {amount:.0f} Wh away from its end_energy_wh",
        "choose an end that its power and the grid's limit can reach",
    ),
    Limit.STATE_OF_CHARGE: (
        "{owner} is outside min_soc to max_soc{when}, by {worst:.0f} Wh at most",
        "check the state of charge that it started with, or widen the band",
    ),
    Limit.COMFORT: (
        "{owner} leaves its comfort band{when}, by {worst:.1f} K at most",
        "widen the band, or start to heat earlier",
    ),
    Limit.APPLIANCE: (
        "{owner} is not run: it does not fit",
        "allow it more time, or run it by hand",
    ),
    Limit.CAR: (
        "{owner} gets {amount:.0f} Wh less than it needs by its departure",
        "leave later, ask for less, or charge with more power",
    ),
    Limit.GRID: (
        "the grid's limit is exceeded{when}, by {worst:.0f} Wh a slot at most",
        "use less then, or raise grid_limit_w if the connection allows it",
    ),
}


class Slack(NamedTuple):
    """The columns by which a limit of ``owner`` may be exceeded; one a slot from slot 0 on, or one for the whole."""

    limit: Limit
    owner: str
    columns: Indices


class Relaxation(NamedTuple):
    """A limit that gave. ``amount``: by how much in all, in Wh (kelvin-slots for comfort, runs for an appliance).

    ``slots``: where, counted from the plan's first; empty if the limit is one on the whole plan. ``text`` says it in
    words, with a way out.
    """

    limit: Limit
    owner: str
    amount: float
    slots: tuple[int, ...]
    text: str


def relaxation_of(slack: Slack, x: Vector, first_slot: int) -> Relaxation | None:
    """What became of a limit in a solution, its words counting slots from ``first_slot`` on; None if it held."""
    values = x[slack.columns]
    amount = float(values.sum())
    if amount <= VIOLATION:
        return None
    slots = tuple(int(slot) for slot in (values > VIOLATION).nonzero()[0]) if len(values) > 1 else ()
    named = runs([first_slot + slot for slot in slots])
    when = f" in slot{'s' if len(slots) > 1 else ''} {named}" if slots else ""
    happens, way_out = _WORDS[slack.limit]
    words = happens.format(amount=amount, worst=float(values.max()), when=when, owner=slack.owner)
    return Relaxation(slack.limit, slack.owner, amount, slots, f"{words}; {way_out}")
