"""What the entries of a session's file mean together, once each is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clients.common.file_error import FileError, shown
from node.control_session.session_file import HouseholdFields, PccFields

# Limits that differ by less than rounding don't contradict each other.
_ROUNDING_WH = 1e-6
# Below it a signal of a nano-euro moves a home by a megawatt-hour, and numbers lose their digits.
_LEAST_CURVATURE = 1e-6


def contradictions(
    pccs: Sequence[PccFields | None], households: Sequence[HouseholdFields | None], pcc_ids: set[str]
) -> Iterator[FileError]:
    """All contradictions; None stands for an entry that is wrong by itself, ``pcc_ids`` are all that the file names."""
    yield from _repeated("pcc", pccs)
    yield from _repeated("households", households)
    for index, pcc in enumerate(pccs):
        if pcc is not None and pcc.min_wh is not None and pcc.max_wh is not None and pcc.min_wh > pcc.max_wh:
            reason = f"is above max_wh {pcc.max_wh:g}"
            yield FileError(f"pcc[{index}].min_wh", shown(pcc.min_wh), reason, "exchange or correct them")
    for index, home in enumerate(households):
        if home is not None:
            yield from _household(f"households[{index}]", home, pcc_ids)


def _repeated(field: str, entries: Sequence[PccFields | HouseholdFields | None]) -> Iterator[FileError]:
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry is None:
            continue
        if entry.id in first:
            reason = f"is the id of {field}[{first[entry.id]}] already"
            yield FileError(f"{field}[{index}].id", shown(entry.id), reason, "give every entry an id of its own")
        first.setdefault(entry.id, index)


def _household(place: str, home: HouseholdFields, pcc_ids: set[str]) -> Iterator[FileError]:
    if home.pcc not in pcc_ids:
        yield FileError(f"{place}.pcc", shown(home.pcc), "is the id of no entry of pcc", "name one, or add it to pcc")
    if home.feed_in_tariff_neur_per_wh > home.supplier_price_neur_per_wh:
        reason = f"is above supplier_price_neur_per_wh {home.supplier_price_neur_per_wh:g}"
        value = shown(home.feed_in_tariff_neur_per_wh)
        yield FileError(f"{place}.feed_in_tariff_neur_per_wh", value, reason, "exchange or correct them")
    if home.battery is None and home.planned_battery_wh != 0:
        value = shown(home.planned_battery_wh)
        yield FileError(f"{place}.planned_battery_wh", value, "is planned without a battery", "write 0 or add battery")
    storage = home.storage
    if storage.min_wh > storage.max_wh:
        reason = f"is above max_wh {storage.max_wh:g}"
        yield FileError(f"{place}.battery.min_wh", shown(storage.min_wh), reason, "exchange or correct them")
        return
    if storage.min_wh < storage.max_wh and storage.cost_quadratic + home.reward_quadratic < _LEAST_CURVATURE:
        reason = f"and reward_quadratic are below {_LEAST_CURVATURE:g} together: the home's best flow isn't unique"
        way_out = "write more in one of the two"
        yield FileError(f"{place}.battery.cost_quadratic", shown(storage.cost_quadratic), reason, way_out)
    lowest, highest = home.net_load_wh - storage.max_wh, home.net_load_wh - storage.min_wh
    if lowest > home.max_grid_wh + _ROUNDING_WH or highest < -home.max_grid_wh - _ROUNDING_WH:
        reason = f"is less than the home's flow, which the battery can only bring to {lowest:g} to {highest:g} Wh"
        way_out = "raise it, or widen the battery's limits"
        yield FileError(f"{place}.max_grid_wh", shown(home.max_grid_wh), reason, way_out)
