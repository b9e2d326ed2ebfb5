"""Declarations of availability: what backs a home's asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clients.household.account import Account, LiveOrder
from clients.household.forecasting.forecast import SlotForecast
from clients.household.offers import BookKey
from clients.household.terms import Terms
from wire.asset import DeclareAvailability
from wire.market import Side

MAX_DECLARED_SLOTS = 144
# Availability is declared in steps, above the forecast, so that it need not be declared again for every change.
_STEP_WH = 50


def declarations(
    terms: Terms,
    account: Account,
    wanted: Mapping[BookKey, LiveOrder],
    forecast: Sequence[SlotForecast],
    now: int,
    least_slots: int,
) -> tuple[DeclareAvailability, ...]:
    """Declarations for runs of ``least_slots`` or more, where some ask needs more than stands declared.

    ``forecast`` begins with slot ``now``.
    """

    def energy_wh(slot: int) -> int:
        """Generously above the forecast, never less than stands declared."""
        pv = forecast[slot - now].pv_wh if slot - now < len(forecast) else 0
        generous = -(-pv * 3 // 2 // _STEP_WH) * _STEP_WH
        energy = min(account.capacity_wh, max(generous, needed.get(slot, 0)))
        return max(energy, account.declared_wh.get(slot, 0))

    needed = _needed_wh(terms, account, wanted)
    short = sorted(slot for slot, energy in needed.items() if energy > account.declared_wh.get(slot, 0))
    made = []
    while short:
        first = short[0]
        count = max(least_slots, 1 + max(s for s in short if s < first + MAX_DECLARED_SLOTS) - first)
        energies = tuple(energy_wh(slot) for slot in range(first, first + count))
        made.append(DeclareAvailability(terms.grid.vdg, first, energies))
        short = [slot for slot in short if slot >= first + count]
    return tuple(made)


def _needed_wh(terms: Terms, account: Account, wanted: Mapping[BookKey, LiveOrder]) -> dict[int, int]:
    """What the asks need in each slot, with what is contracted there already."""
    needed: dict[int, int] = {}
    for (product, first), order in wanted.items():
        if order.side is Side.SIDE_ASK:
            slots = terms.products[product].block_slots
            for slot in range(first, first + slots):
                contracted = account.contracted_wh(slot, Side.SIDE_ASK)
                needed[slot] = needed.get(slot, contracted) + -(-order.energy_wh // slots)
    return needed
