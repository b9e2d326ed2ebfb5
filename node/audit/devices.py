"""Devices, and the availability that they back."""

from __future__ import annotations

from node.audit import grids
from node.audit.books import Books, HomeSlot, MemberOf
from node.audit.case import Case, Denied, require
from node.audit.clock import require_ahead, watch
from node.audit.shares import fitting
from wire.asset import (
    Asset,
    AssetKind,
    AssetRegistered,
    AssetRemoved,
    Availability,
    AvailabilityDeclared,
    DeclareAvailability,
    RegisterAsset,
    RemoveAsset,
)
from wire.results import Code

_NONE = Availability()
# A slot is a sixth of an hour, whatever it lasts on this chain.
_SLOTS_AN_HOUR = 6


def availability(books: Books, at: HomeSlot) -> Availability:
    """What was declared and is held."""
    return books.availability.get(at) or _NONE


def hold(books: Books, at: HomeSlot, energy_wh: int) -> None:
    """Hold more, or less when negative. Raises: Denied BEYOND_AVAILABILITY."""
    if energy_wh:
        now = availability(books, at)
        require(now.held_wh + energy_wh <= now.declared_wh, Code.BEYOND_AVAILABILITY)
        books.availability.put(at, now._replace(held_wh=now.held_wh + energy_wh))


def register(case: Case, m: RegisterAsset) -> None:
    asset = m.asset or Asset()
    require(grids.found(case, asset.vdg).dso == case.sender, Code.WRONG_ROLE)
    add(case, asset)


def add(case: Case, asset: Asset) -> None:
    """A member's device."""
    require(case.books.assets.get(asset.asset_id) is None, Code.ALREADY_EXISTS)
    grids.member(case, asset.vdg, asset.owner)
    case.books.assets.put(asset.asset_id, asset)
    case.books.owned.put((asset.owner, asset.asset_id), asset)
    _deliver(case.books, asset, asset.power_w)
    case.events.append(AssetRegistered(asset))


def _deliver(books: Books, asset: Asset, more_w: int) -> None:
    if asset.kind is AssetKind.ASSET_KIND_METER:
        return
    at = MemberOf(asset.vdg, asset.owner)
    sum_of_all = books.deliverable.get(at) or Asset(vdg=asset.vdg, owner=asset.owner)
    books.deliverable.put(at, sum_of_all._replace(power_w=fitting(sum_of_all.power_w + more_w)))


def remove(case: Case, m: RemoveAsset) -> None:
    asset = case.books.assets.get(m.asset_id)
    if asset is None:
        raise Denied(Code.UNKNOWN_ASSET)
    require(grids.found(case, asset.vdg).dso == case.sender, Code.WRONG_ROLE)
    case.books.assets.drop(m.asset_id)
    case.books.owned.drop((asset.owner, m.asset_id))
    _deliver(case.books, asset, -asset.power_w)
    case.events.append(AssetRemoved(m.asset_id))


def declare(case: Case, m: DeclareAvailability) -> None:
    books, grid = case.books, grids.found(case, m.vdg)
    grids.member(case, m.vdg, case.sender)
    require_ahead(case, grid, m.first_slot, len(m.energy_wh))
    places = [HomeSlot(m.vdg, slot, case.sender) for slot in range(m.first_slot, m.first_slot + len(m.energy_wh))]
    before = [availability(books, at) for at in places]
    require(all(now.nonce <= case.nonce for now in before), Code.SUPERSEDED)
    devices = books.deliverable.get(MemberOf(m.vdg, case.sender))
    require(max(m.energy_wh) <= (devices.power_w // _SLOTS_AN_HOUR if devices else 0), Code.BEYOND_CAPACITY)
    pairs = list(zip(m.energy_wh, before, strict=True))
    require(all(energy >= now.held_wh for energy, now in pairs), Code.BEYOND_AVAILABILITY)
    for at, (energy, now) in zip(places, pairs, strict=True):
        books.availability.put(at, Availability(energy, now.held_wh, case.nonce))
        watch(books, grid, at.slot)
    case.events.append(AvailabilityDeclared(m.vdg, case.sender, m.first_slot, m.energy_wh))
