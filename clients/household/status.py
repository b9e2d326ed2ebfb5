"""What an agent's file tells about its homes, while it runs or not."""

from __future__ import annotations

from typing import NamedTuple

from clients.common.configuration import ConfigurationError
from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database
from clients.household.keys import address_of_home


class HomeStatus(NamedTuple):
    """One home; the bill is what it paid less what it received over its settled slots."""

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


def read_status(configuration: HouseholdConfiguration) -> list[HomeStatus]:
    """Read the file. Raises: ConfigurationError when there is none yet."""
    path = configuration.household_file
    if not path.exists():
        raise ConfigurationError(f"data: there is no {path} yet; start `vdg household run` first")
    database = Database.read_only(path)
    try:
        alarms = database.alarms()
        status = []
        for home in configuration.homes:
            address = address_of_home(home)
            bill = database.bill(address)
            alarm_time_s, alarm = alarms.get(home.id, (0, ""))
            status.append(HomeStatus(home.id, address.hex(), *bill, alarm, alarm_time_s))
        return status
    finally:
        database.close()
