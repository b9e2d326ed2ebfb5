"""Inverters from the field over SunSpec Modbus TCP (docs/devices.md)."""

from __future__ import annotations

from clients.household.devices.sunspec.block import SunSpecError
from clients.household.devices.sunspec.inverter import SunSpecInverter, SunSpecState
from clients.household.devices.sunspec.models import OperatingState

__all__ = ["OperatingState", "SunSpecError", "SunSpecInverter", "SunSpecState"]
