"""The emulated flexible devices of a run as their homes' agent is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clients.household.flexible.section import ApplianceSection, DeviceKind, DeviceSection
from emulator.device import EmulatedDevice
from emulator.flexible import READY_HOUR, WASH_W

_DONE_BY = "18:00"


def device_sections(devices: Iterable[EmulatedDevice[Any]]) -> list[DeviceSection]:
    """One section each; the wash has to be done by the evening."""
    wash = ApplianceSection(ready=f"{READY_HOUR:02}:00", done_by=_DONE_BY, profile_w=WASH_W)
    sections = []
    for device in devices:
        kind = DeviceKind(device.rating.kind)
        appliance = wash if kind is DeviceKind.PLUG else None
        sections.append(DeviceSection(id=device.rating.device, kind=kind, appliance=appliance))
    return sections
