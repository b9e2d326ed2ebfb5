"""Drivers for a home's devices over MQTT, and the panel that Home Assistant shows (docs/devices.md).

How an agent uses it::

    topics = Topics()
    inverter = Inverter("f01load00001", topics)
    battery = Battery(inverter, topics)
    car = CarCharger("f01load00001", "car", topics, most_w=7_400)
    roster = Roster([Meter("f01load00001", topics), inverter, battery, car], topics)
    roster.on_change(lambda change: planner.redo(change.home, change.reason))
    link = DeviceLink(BrokerAddress(url="mqtt://127.0.0.1:1883"), roster)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(link.run())
        ...
        if battery.available and battery.state:
            battery.follow(slot, grid_wh, Moment.now())

Drivers do no I/O: they are fed messages and moments, and hand commands to the link. Each has ``available``,
``unavailable_because``, ``state`` (typed; the meter's is ``reading`` and ``flow``) and ``refusals``. A command that
breaks a limit raises CommandRefused before anything is sent. Everything runs in one event loop.
"""

from __future__ import annotations

from clients.household.devices.battery import Battery, BatteryState
from clients.household.devices.car_charger import CarCharger
from clients.household.devices.change import Change, ChangeKind
from clients.household.devices.device import Device
from clients.household.devices.heat_pump import HeatPump
from clients.household.devices.inverter import Inverter, InverterState
from clients.household.devices.link import DeviceLink
from clients.household.devices.meter import Meter, SlotFlow
from clients.household.devices.moment import Moment
from clients.household.devices.plug import Plug
from clients.household.devices.refusal import CommandRefused, Fault, Refusals
from clients.household.devices.roster import DeviceReport, Roster

__all__ = [
    "Battery",
    "BatteryState",
    "CarCharger",
    "Change",
    "ChangeKind",
    "CommandRefused",
    "Device",
    "DeviceLink",
    "DeviceReport",
    "Fault",
    "HeatPump",
    "Inverter",
    "InverterState",
    "Meter",
    "Moment",
    "Plug",
    "Refusals",
    "Roster",
    "SlotFlow",
]
