"""What an agent's file tells about its homes, while it runs or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, TypedDict

from clients.common.configuration import ConfigurationError
from clients.household.configuration import HomeSection, HouseholdConfiguration
from clients.household.database import Database
from clients.household.keys import address_of_home


class MeanError(TypedDict):
    """Mean absolute errors over ``slots`` slots (Wh a slot)."""

    slots: int
    load_wh: float
    pv_wh: float


class HomeStatus(NamedTuple):
    """One home; the bill is what it paid less what it received over its settled slots.

    ``forecast_errors``: the mean absolute errors of load and PV by how many slots ahead they were forecast.
    ``relaxed``: what the newest plan could not hold and which limits bind, in words; empty where it holds all.
    """

    home: str
    account: str
    settled_slots: int
    bill_neur: int
    bought_wh: int
    sold_wh: int
    rebate_neur: int
    reward_neur: int
    alarm: str
    alarm_time_s: int
    forecast_errors: dict[str, MeanError]
    relaxed: list[str]


def existing_file(configuration: HouseholdConfiguration) -> Path:
    """The agent's own state. Raises: ConfigurationError when there is none yet."""
    path = configuration.household_file
    if not path.exists():
        raise ConfigurationError(f"data: there is no {path} yet; start `vdg household run` first")
    return path


def chosen_homes(configuration: HouseholdConfiguration, name: str) -> tuple[HomeSection, ...]:
    """The home of a name, or all. Raises: ConfigurationError."""
    homes = tuple(home for home in configuration.homes if name in ("", home.id))
    if not homes:
        raise ConfigurationError(
            f"home = {name}: the file has no such home; it has {', '.join(one.id for one in configuration.homes)}"
        )
    return homes


def read_status(configuration: HouseholdConfiguration) -> list[HomeStatus]:
    """Read the file. Raises: ConfigurationError when there is none yet."""
    database = Database.read_only(existing_file(configuration))
    try:
        alarms = database.alarms()
        status = []
        for home in configuration.homes:
            address = address_of_home(home)
            bill = database.bill(address)
            alarm_time_s, alarm = alarms.get(home.id, (0, ""))
            errors = {
                str(horizon): MeanError(
                    slots=error.slots, load_wh=round(error.mean_load_wh, 1), pv_wh=round(error.mean_pv_wh, 1)
                )
                for horizon, error in database.forecasts.mean_errors(home.id).items()
            }
            plan = json.loads(database.slots.plan(home.id) or "{}")
            relaxed = plan.get("relaxed", [])
            status.append(HomeStatus(home.id, address.hex(), *bill, alarm, alarm_time_s, errors, relaxed))
        return status
    finally:
        database.close()
