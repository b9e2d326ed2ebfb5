"""Registering devices, declaring availability."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.numbers import bounded
from abci_app.core.refusal import Refusal
from abci_app.modules.asset.api import availability_of, capacity_wh
from abci_app.modules.asset.keys import ASSETS, AVAILABILITY, DELIVERABLE, OWNED
from abci_app.modules.grid.api import require_future_slots, require_grid, require_member, watch_slot
from abci_app.modules.module import Action
from abci_app.modules.names import grid_prefix, slot_account_key
from wire.accounts import Role
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

MAX_POWER_W = 10**9


def check_register(message: RegisterAsset) -> None:
    """Fields of RegisterAsset."""
    asset = message.asset
    if asset is None:
        raise check.invalid("asset", None, "give the device")
    check.name("asset.asset_id", asset.asset_id)
    check.name("asset.vdg", asset.vdg)
    check.address("asset.owner", asset.owner)
    check.at_most("asset.power_w", asset.power_w, MAX_POWER_W)
    check.at_most("asset.capacity_wh", asset.capacity_wh, MAX_POWER_W)
    if asset.kind is AssetKind.ASSET_KIND_UNSPECIFIED:
        raise check.invalid("asset.kind", asset.kind.name, "give PV, BATTERY or METER")
    if asset.kind is not AssetKind.ASSET_KIND_METER:
        check.positive("asset.power_w", asset.power_w)
    if (asset.kind is AssetKind.ASSET_KIND_BATTERY) != (asset.capacity_wh > 0):
        raise check.invalid("asset.capacity_wh", asset.capacity_wh, "a battery has one, other devices have none")


def _require_dso(context: Context, vdg: str) -> None:
    if require_grid(context.state, vdg).dso != context.sender:
        raise Refusal(Code.WRONG_ROLE, f"vdg = {vdg!r}: the sender is not its DSO; send it with that account")


def register(context: Context, message: RegisterAsset) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, NOT_A_MEMBER, ALREADY_EXISTS."""
    asset = message.asset or Asset()
    _require_dso(context, asset.vdg)
    add(context, asset)


def add(context: Context, asset: Asset) -> None:
    """Add a device. Raises: Refusal ALREADY_EXISTS, NOT_A_MEMBER, AMOUNT_OVERFLOW."""
    state = context.state
    if ASSETS.get(state, asset.asset_id.encode()) is not None:
        raise Refusal(Code.ALREADY_EXISTS, f"asset.asset_id = {asset.asset_id!r} exists: give another id")
    require_member(state, asset.vdg, asset.owner)
    # After this point the action must succeed.
    ASSETS.put(state, asset.asset_id.encode(), asset)
    OWNED.put(state, asset.owner + asset.asset_id.encode(), asset)
    _change_deliverable(context, asset, asset.power_w)
    context.emit(AssetRegistered(asset))


def _change_deliverable(context: Context, asset: Asset, by_w: int) -> None:
    """Keep the sum of what a member's PV and batteries can deliver (meters deliver nothing)."""
    if asset.kind is AssetKind.ASSET_KIND_METER:
        return
    key = grid_prefix(asset.vdg) + asset.owner
    total = DELIVERABLE.get(context.state, key) or Asset(vdg=asset.vdg, owner=asset.owner)
    power = bounded(total.power_w + by_w, "power_w")
    DELIVERABLE.put(context.state, key, total._replace(power_w=power))


def check_remove(message: RemoveAsset) -> None:
    """Fields of RemoveAsset."""
    check.name("asset_id", message.asset_id)


def remove(context: Context, message: RemoveAsset) -> None:
    """Raises: Refusal UNKNOWN_ASSET, WRONG_ROLE."""
    asset = ASSETS.get(context.state, message.asset_id.encode())
    if asset is None:
        raise Refusal(Code.UNKNOWN_ASSET, f"asset_id = {message.asset_id!r}: no such device; list the owner's devices")
    _require_dso(context, asset.vdg)
    # After this point the action must succeed.
    ASSETS.delete(context.state, asset.asset_id.encode())
    OWNED.delete(context.state, asset.owner + asset.asset_id.encode())
    _change_deliverable(context, asset, -asset.power_w)
    context.emit(AssetRemoved(asset.asset_id))


def check_declare(message: DeclareAvailability) -> None:
    """Fields of DeclareAvailability."""
    check.name("vdg", message.vdg)
    check.length("energy_wh", message.energy_wh, 1, 144)
    for energy in message.energy_wh:
        check.at_most("energy_wh", energy, MAX_POWER_W)


def declare(context: Context, message: DeclareAvailability) -> None:
    """Raises: Refusal UNKNOWN_VDG, NOT_A_MEMBER, SLOT_OUT_OF_RANGE, SUPERSEDED, BEYOND_CAPACITY,
    BEYOND_AVAILABILITY when asks or contracts hold more than is now declared."""
    state, account = context.state, context.sender
    grid = require_grid(state, message.vdg)
    require_member(state, message.vdg, account)
    require_future_slots(grid, context.time_s, message.first_slot, len(message.energy_wh))
    slots = range(message.first_slot, message.first_slot + len(message.energy_wh))
    before = [availability_of(state, message.vdg, slot, account) for slot in slots]
    _require_newer(slots, before, context.nonce)
    _require_deliverable(slots, message.energy_wh, capacity_wh(state, message.vdg, account))
    _require_not_held(slots, message.energy_wh, before)
    # After this point the action must succeed.
    for slot, energy, current in zip(slots, message.energy_wh, before, strict=True):
        key = slot_account_key(message.vdg, slot, account)
        AVAILABILITY.put(state, key, current._replace(declared_wh=energy, nonce=context.nonce))
        watch_slot(context, grid, slot)
    context.emit(AvailabilityDeclared(message.vdg, account, message.first_slot, message.energy_wh))


def _require_newer(slots: range, before: list[Availability], nonce: int) -> None:
    for slot, current in zip(slots, before, strict=True):
        if current.nonce > nonce:
            raise Refusal(
                Code.SUPERSEDED, f"slot {slot}: the declaration with nonce {current.nonce} is newer and stays"
            )


def _require_deliverable(slots: range, energies: tuple[int, ...], most: int) -> None:
    for slot, energy in zip(slots, energies, strict=True):
        if energy > most:
            raise Refusal(
                Code.BEYOND_CAPACITY,
                f"energy_wh = {energy} for slot {slot}: the registered devices deliver at most {most} Wh a slot; "
                "declare less or have the DSO register the device",
            )


def _require_not_held(slots: range, energies: tuple[int, ...], before: list[Availability]) -> None:
    for slot, energy, current in zip(slots, energies, before, strict=True):
        if energy < current.held_wh:
            raise Refusal(
                Code.BEYOND_AVAILABILITY,
                f"energy_wh = {energy} for slot {slot}: asks and contracts hold {current.held_wh} Wh; cancel first",
            )


_DSO, _HOUSEHOLD = (Role.ROLE_DSO,), (Role.ROLE_HOUSEHOLD,)

ACTIONS = {
    RegisterAsset: Action(check_register, _DSO, register),
    RemoveAsset: Action(check_remove, _DSO, remove),
    DeclareAvailability: Action(check_declare, _HOUSEHOLD, declare),
}
