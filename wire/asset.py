"""Registered PV, batteries and meters, and the availability that backs asks (MODEL section 3)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.fields import choice_of, many, one, raw, text, uint


class AssetKind(IntEnum):
    """What kind of device it is."""

    ASSET_KIND_UNSPECIFIED = 0
    ASSET_KIND_PV = 1
    ASSET_KIND_BATTERY = 2
    ASSET_KIND_METER = 3


class Asset(NamedTuple):
    """A device: ``power_w`` is the most it can deliver, ``capacity_wh`` a battery's size (0 otherwise)."""

    asset_id: Annotated[str, text(1)] = ""
    vdg: Annotated[str, text(2)] = ""
    owner: Annotated[bytes, raw(3)] = b""
    kind: Annotated[AssetKind, choice_of(4, AssetKind)] = AssetKind.ASSET_KIND_UNSPECIFIED
    power_w: Annotated[int, uint(5)] = 0
    capacity_wh: Annotated[int, uint(6)] = 0


class Availability(NamedTuple):
    """What a seller declared it can deliver in a slot, and how much of it open asks and contracts hold (Wh)."""

    declared_wh: Annotated[int, uint(1)] = 0
    held_wh: Annotated[int, uint(2)] = 0
    nonce: Annotated[int, uint(3)] = 0


class RegisterAsset(NamedTuple):
    """The VDG's DSO registers a member's device after inspection."""

    asset: Annotated[Asset | None, one(1, Asset)] = None


class RemoveAsset(NamedTuple):
    """The VDG's DSO removes a device; what is already committed stays committed."""

    asset_id: Annotated[str, text(1)] = ""


class DeclareAvailability(NamedTuple):
    """A member says what it can deliver in consecutive future slots; replaces what it said before."""

    vdg: Annotated[str, text(1)] = ""
    first_slot: Annotated[int, uint(2)] = 0
    energy_wh: Annotated[tuple[int, ...], many(uint(3))] = ()


class AssetRegistered(NamedTuple):
    """Event: a device is there."""

    asset: Annotated[Asset | None, one(1, Asset)] = None


class AssetRemoved(NamedTuple):
    """Event: a device is gone."""

    asset_id: Annotated[str, text(1)] = ""


class AvailabilityDeclared(NamedTuple):
    """Event: an account's availability for consecutive slots."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""
    first_slot: Annotated[int, uint(3)] = 0
    energy_wh: Annotated[tuple[int, ...], many(uint(4))] = ()


class ListAssetsRequest(NamedTuple):
    """Query: an account's devices in order of id, paged."""

    owner: Annotated[bytes, raw(1)] = b""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListAssetsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    assets: Annotated[tuple[Asset, ...], many(one(1, Asset))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class GetAvailabilityRequest(NamedTuple):
    """Query: one account's availability in one slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""


class GetAvailabilityResponse(NamedTuple):
    """The declaration, and the most that the registered devices allow."""

    availability: Annotated[Availability | None, one(1, Availability)] = None
    capacity_wh: Annotated[int, uint(2)] = 0
