"""A home in Home Assistant by MQTT discovery: implement HomeControls, run a PanelPublisher (docs/devices.md)."""

from __future__ import annotations

from clients.household.devices.homeassistant.controls import ControlRefused, HomeControls, PanelState
from clients.household.devices.homeassistant.discovery import DEFAULT_PREFIX, Discovery
from clients.household.devices.homeassistant.publisher import PanelPublisher

__all__ = ["DEFAULT_PREFIX", "ControlRefused", "Discovery", "HomeControls", "PanelPublisher", "PanelState"]
