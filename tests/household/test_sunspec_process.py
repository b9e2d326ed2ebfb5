"""The agent's process with a home whose inverter speaks SunSpec, among real processes."""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from clients.household.database import Database
from tests.household.neighbourhood import FIRST_SLOT, living
from tests.household.sunspec_house import SunSpecHouse
from wire.market import ContractMade
from wire.settlement import HouseholdSettled

LOAD_W, PV_W = 600, 4_200
LIMIT_W = 1_800


@pytest.mark.network
async def test_an_agent_sells_a_sunspec_home_s_sun_limits_it_and_goes_on_when_the_inverter_is_silent() -> None:
    with tempfile.TemporaryDirectory(prefix="hs", dir="/tmp") as folder:
        async with living(Path(folder), homes=8, own_homes=1, planning={"grid_limit_w": LIMIT_W}) as place:
            home, actor = place.cast.households[-1]
            house = SunSpecHouse(home.id, home.meter, place.epoch_s, place.slot_seconds, LOAD_W, PV_W)
            await house.up()
            metering = asyncio.create_task(house.meter(place.broker_port))
            try:
                for other, _ in place.cast.households:
                    place.configure(other.id, margin_permille=100)
                # The cheapest ask of all, so that it is sold whoever else has sun over.
                where = {"host": "127.0.0.1", "port": house.port, "poll_s": 0.3}
                place.configure(home.id, margin_permille=0, sunspec=where)
                await place.until(lambda: house.now >= FIRST_SLOT, "the day begins")
                place.start_agent()

                def plan() -> dict[str, list[int]]:
                    if place.has_plans:
                        with closing(Database.read_only(place.folder / "data" / "household.db")) as database:
                            return dict(json.loads(database.slots.plan(home.id) or ""))
                    return {"unused_pv_wh": [0], "pv_wh": [0], "load_wh": [0]}

                await place.until(lambda: plan()["unused_pv_wh"][0] > 0, "the plan leaves sun unused")
                assert plan()["pv_wh"][0] == pytest.approx(PV_W / 6, abs=40)
                assert plan()["load_wh"][0] == pytest.approx(LOAD_W / 6, abs=40)
                await place.until(lambda: house.limit_w < PV_W, "the inverter is limited")
                assert house.limit_w == pytest.approx(LIMIT_W + LOAD_W, abs=300)
                await place.until(
                    lambda: any(made.contract.seller == actor.address for made in place.of_type(ContractMade)),
                    "it sells on the market",
                )
                await place.until(
                    lambda: any(
                        event.settlement.account == actor.address and event.settlement.sold_wh > 0
                        for event in place.of_type(HouseholdSettled)
                    ),
                    "what it sold is settled by its meter",
                )
                port = house.port
                await house.down()
                unavailable = f"{home.id}/inverter: unavailable: silent"
                await place.until(lambda: unavailable in place.log.read_text(), "the inverter's silence is told")
                await place.until(lambda: plan()["pv_wh"][0] < PV_W / 12, "the plan counts on no sun")
                begun = place.planned_in()[home.id]
                await place.until(lambda: place.planned_in()[home.id] >= begun + 3, "the house goes on")
                assert "nothing listens" in place.log.read_text()
                await house.up(port)
                await place.until(lambda: plan()["unused_pv_wh"][0] > 0, "its sun is back, and too much")
                assert place.end_agent() == 0
            finally:
                metering.cancel()
                await asyncio.gather(metering, return_exceptions=True)
                await house.down()
