"""What the fields of a plan's file mean together. Where a value is wrong by itself, None stands in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from clients.common.file_error import FileError, shown
from clients.household.planner.plan_file import MAX_SLOTS

# Limits that differ by less than rounding don't contradict each other.
_ROUNDING = 1e-9
_SERIES = ("load_wh", "pv_wh", "buy_price_neur_per_wh", "sell_price_neur_per_wh", "contracted_wh")
_SLOT_SERIES = ("min_c", "max_c", "heat_per_wh", "demand_wh", "surroundings_c")

Fields = dict[str, Any]


def contradictions(fields: Fields) -> Iterator[FileError]:
    """All contradictions between the values of ``fields``, each of which is right by itself, None or missing."""
    lengths = {name: len(fields[name]) for name in _SERIES if fields.get(name) is not None}
    slots = next(iter(lengths.values()), None)
    for name, length in lengths.items():
        if length != slots:
            first = next(iter(lengths))
            yield FileError(
                name, "", f"has {length} values where {first} has {slots}", "give every array one value a slot"
            )
    if fields.get("battery") and fields.get("batteries"):
        yield FileError("batteries", "", "stands beside battery", "write one of the two")
    if fields.get("battery"):
        yield from _battery("battery.", fields["battery"])
    checks: dict[str, Callable[[str, Fields, int | None], Iterator[FileError]]] = {
        "batteries": lambda place, found, _: _battery(place, found),
        "cars": _car,
        "heat_stores": _heat_store,
        "appliances": _appliance,
    }
    for name, check in checks.items():
        for index, found in enumerate(fields.get(name) or ()):
            if found is not None:
                yield from check(f"{name}[{index}].", found, slots)


def _battery(place: str, found: Fields) -> Iterator[FileError]:
    capacity, lowest, highest = (found.get(name) for name in ("capacity_wh", "min_soc", "max_soc"))
    energy, end = found.get("energy_wh"), found.get("end_energy_wh")
    if lowest is not None and highest is not None and lowest > highest:
        yield FileError(f"{place}min_soc", shown(lowest), f"is above max_soc {highest}", "exchange or correct them")
    if capacity is None:
        return
    if energy is not None and energy > capacity * (1 + _ROUNDING):
        way_out = f"give what the battery holds now, 0 to {capacity} Wh"
        yield FileError(f"{place}energy_wh", shown(energy), f"is more than capacity_wh {capacity}", way_out)
    if end is None or lowest is None or highest is None or lowest > highest:
        return
    slack = capacity * _ROUNDING
    if not lowest * capacity - slack <= end <= highest * capacity + slack:
        band = f"{lowest * capacity:g} to {highest * capacity:g} Wh"
        reason = f"is outside min_soc to max_soc of capacity_wh, which is {band}"
        yield FileError(f"{place}end_energy_wh", shown(end), reason, "choose an end inside, or widen the band")


def _car(place: str, found: Fields, slots: int | None) -> Iterator[FileError]:
    yield from _window(place, "arrival_slot", "departure_slot", found, 1, slots)


def _appliance(place: str, found: Fields, slots: int | None) -> Iterator[FileError]:
    if found.get("profile_wh"):
        yield from _window(place, "earliest_slot", "deadline_slot", found, len(found["profile_wh"]), slots)


def _window(place: str, opens: str, closes: str, found: Fields, least: int, slots: int | None) -> Iterator[FileError]:
    """A time of at least so many slots, which ends within the plan."""
    first, end = found.get(opens, 0), found.get(closes)
    if first is None or end is None:
        return
    if end > (MAX_SLOTS if slots is None else slots):
        yield FileError(f"{place}{closes}", shown(end), f"is after the plan's {slots} slots", f"give 1 to {slots}")
    if end - first < least:
        reason = f"leaves {max(0, end - first)} slots from {opens} {first} on, where {least} are needed"
        yield FileError(f"{place}{closes}", shown(end), reason, f"give at least {first + least}, or lower {opens}")


def _heat_store(place: str, found: Fields, slots: int | None) -> Iterator[FileError]:
    series = {
        name: found[name] if isinstance(found[name], list) else [found[name]]
        for name in _SLOT_SERIES
        if found.get(name) is not None
    }
    for name, values in series.items():
        if slots is not None and len(values) not in (1, slots):
            reason = f"has {len(values)} values for {slots} slots"
            yield FileError(f"{place}{name}", "", reason, f"give one number, or an array of {slots}")
    lows, highs = series.get("min_c"), series.get("max_c")
    if not lows or not highs:
        return
    for slot in range(max(len(lows), len(highs))):
        low, high = lows[slot % len(lows)], highs[slot % len(highs)]
        if low is not None and high is not None and low > high:
            yield FileError(f"{place}min_c", shown(low), f"is above max_c {high} in slot {slot}", "correct one of them")
            return
