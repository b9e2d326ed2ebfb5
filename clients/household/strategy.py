"""What a strategy is asked and answers: plan a home with a battery around what is contracted."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from clients.household.battery import BatteryLimits
from clients.household.forecasting.forecast import SlotForecast
from clients.household.plan import PlannedSlot, Rule, plan_with_battery
from clients.household.terms import Terms


class StrategyName(StrEnum):
    """``planned``: linear programs (thesis 4.5). ``plain``: self-consumption around what is contracted."""

    PLANNED = "planned"
    PLAIN = "plain"


class Situation(NamedTuple):
    """A home with a battery in slot ``now`` (running).

    ``forecast`` begins with ``now`` and reaches to the end of the day of the last of the ``slots`` to plan.
    ``position``: what is contracted for a slot, bought less sold (Wh). ``tradable``: the slots for which some book is
    open. ``last_slot``: nothing is lived after it, where a network ends. ``less_wh``: by how much each slot of the
    forecast may need less than it says, for what is bought; empty where nothing is shaded.
    """

    now: int
    slots: int
    forecast: Sequence[SlotForecast]
    position: Callable[[int], int]
    terms: Terms
    tradable: Container[int]
    battery: BatteryLimits
    has_pv: bool
    energy_wh: int
    margin_permille: int
    last_slot: int | None
    less_wh: Sequence[int] = ()


class Strategy(Protocol):
    """How one home's battery is planned; it may remember its home's day."""

    def __call__(self, situation: Situation) -> list[PlannedSlot]:
        """The next slots, the running one left out or not."""
        ...

    @property
    def relaxed(self) -> tuple[str, ...]:
        """Which limits the last plan of the day could not hold and which of them bind, in words."""
        ...

    def throughput_left_wh(self, battery: BatteryLimits) -> float:
        """How much may still flow in and out of the battery today, by its cycles; infinite without such a limit."""
        ...


class Plain:
    """The plain rule, see `plan_with_battery`; it has no limits that could contradict each other."""

    relaxed: tuple[str, ...] = ()

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(self, situation: Situation) -> list[PlannedSlot]:
        """See Strategy."""
        return plan_with_battery(
            situation.now,
            situation.forecast,
            situation.position,
            situation.slots,
            battery=situation.battery,
            has_pv=situation.has_pv,
            energy_wh=situation.energy_wh,
            terms=situation.terms,
            tradable=situation.tradable,
            rule=self._rule,
        )

    def throughput_left_wh(self, battery: BatteryLimits) -> float:  # noqa: ARG002 - see Strategy
        """See Strategy: the plain rule counts no cycles."""
        return math.inf
