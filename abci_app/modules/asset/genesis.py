"""The devices that are there from the start."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from abci_app.core.context import Context
from abci_app.modules.asset.handlers import add, check_register
from abci_app.modules.genesis_types import AddressHex, Amount, Name, Section
from wire.asset import Asset, AssetKind, RegisterAsset


class GenesisAsset(Section):
    """A device: ``power_w`` is the most it can deliver, ``capacity_wh`` is a battery's size."""

    asset_id: Name
    vdg: Name
    owner: AddressHex
    kind: Literal["pv", "battery", "meter"]
    power_w: Amount = 0
    capacity_wh: Amount = 0


class AssetGenesis(Section):
    """Part ``asset``."""

    assets: list[GenesisAsset] = Field(default_factory=list)


def write(context: Context, part: AssetGenesis) -> None:
    """Register the devices. Raises: Refusal."""
    for entry in part.assets:
        kind = AssetKind[f"ASSET_KIND_{entry.kind.upper()}"]
        asset = Asset(entry.asset_id, entry.vdg, bytes.fromhex(entry.owner), kind, entry.power_w, entry.capacity_wh)
        check_register(RegisterAsset(asset))
        add(context, asset)
