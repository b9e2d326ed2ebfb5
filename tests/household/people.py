"""Those who live in a test's homes: what they wish, and the car of one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import yaml

from clients.common.configuration import read_configuration
from clients.household.configuration import HouseholdConfiguration
from emulator.broker_url import BrokerUrl
from emulator.car_charger import EmulatedCarCharger, Visit
from emulator.clock import Clock
from emulator.device_link import DeviceLink
from emulator.units import SLOT_MS
from tests.household import privacy
from tests.household.neighbourhood import FIRST_SLOT, Neighbourhood
from wire.device import CarChargerRating
from wire.mqtt import Topics


@asynccontextmanager
async def charging(place: Neighbourhood) -> AsyncIterator[privacy.Car]:
    """A car at the first home, there and far from full while the test lasts."""
    home, name = place.cast.households[0][0].id, "annas-car"
    clock = Clock(place.epoch_s, place.slot_seconds)
    visit = Visit(0, 400 * SLOT_MS, 23_457, 61_003, 31_841)
    rating = CarChargerRating(device=name, kind="car_charger", min_w=1_380, max_w=7_360, interval_s=2)
    charger = EmulatedCarCharger(rating, clock, FIRST_SLOT * SLOT_MS, [visit])
    url = BrokerUrl.parse(f"mqtt://127.0.0.1:{place.broker_port}")
    task = asyncio.create_task(DeviceLink(url, Topics(), home, charger).run())
    departure_s = charger.state(1).departure_s
    assert departure_s is not None
    held = range(visit.car_wh, visit.car_wh + visit.needed_wh + 1)
    try:
        yield privacy.Car(home, name, {visit.capacity_wh, departure_s, *held}, [*_secrets(place), name, "charger"])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _secrets(place: Neighbourhood) -> list[str]:
    """What nobody outside may read: names, seeds, and what is in the profiles."""
    secrets = ["reserve_percent", "away", "comfort", "2026-07-01", "2026-07-15"]
    for home, actor in place.cast.households:
        secrets += [home.id, home.meter, actor.seed.hex(), place.folder.name]
    return secrets


def move_in(place: Neighbourhood) -> None:
    """People with a profile live in the homes."""
    configuration = read_configuration(place.configuration, HouseholdConfiguration)
    for section in configuration.homes:
        profile = configuration.profile_of(section)
        profile.parent.mkdir(parents=True, exist_ok=True)
        away = {"begins": "2026-07-01T08:00:00+02:00", "ends": "2026-07-15T20:00:00+02:00"}
        profile.write_text(yaml.safe_dump({"reserve_percent": 37, "away": [away], "away_comfort_percent": 13}))
