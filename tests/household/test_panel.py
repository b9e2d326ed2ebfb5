"""A home on Home Assistant's page: what it shows of the agent, and what the person sets there holds for the agent."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clients.common.broker import BrokerAddress
from clients.common.subscribe import Cursor
from clients.household.database import Database, SupplierPrice
from clients.household.devices.homeassistant import ControlRefused, HomeControls, PanelPublisher
from clients.household.home import Home
from clients.household.person.desk import Desk
from clients.household.person.override import OverrideKind
from clients.household.person.panel import Panel
from clients.household.person.wishes import Wishes
from clients.household.plan import Rule
from clients.household.planned import Planned, PlanningSettings
from clients.household.planner.planner import Planner
from clients.household.strategy import Plain
from clients.household.trader import Trader
from tests.household.made import ADDRESS, BATTERY, CHEAP, SLOT_SECONDS, VDG, expected, home, telemetry, terms
from wire.settlement import HouseholdSettlement

NOW = 20


class Place:
    """A home in slot NOW, its desk and its page."""

    def __init__(self, folder: Path) -> None:
        self.agent: Home = home(
            [expected(200, 0)], now=NOW, battery=BATTERY._replace(capacity_wh=6_000), energy_wh=3_000
        )
        grid = terms(NOW).grid._replace(epoch_s=int(time.time()) - NOW * SLOT_SECONDS - 60)
        self.terms = terms(NOW)._replace(grid=grid)
        self.database = Database.open(folder / "household.db", "chain")
        self.profile = folder / "h1.yaml"
        self.desk = Desk(self.database.overrides, {"h1": self.profile}, self._wished)
        trader = SimpleNamespace(terms=self.terms, homes={"h1": self.agent})
        self.panel = Panel(self.desk, self.database, {"h1": cast(Trader, trader)})

    def _wished(self, _: str, wishes: Wishes) -> None:
        self.agent.wishes = wishes


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_page_shows_charge_price_planned_flow_and_what_the_market_earned(place: Place) -> None:
    place.agent.make_plan(place.terms, NOW - 1)
    settled = HouseholdSettlement(vdg=VDG, slot=5, account=ADDRESS, flow_wh=1_000, contracts_neur=-100_000_000)
    place.database.follow(Cursor(1), settled=[settled])
    place.database.keep_supplier_prices(VDG, 5, SupplierPrice(int(time.time()), CHEAP, 100_000))
    shown = place.panel.panel("h1")
    assert (shown.state_of_charge_permille, shown.price_neur_per_wh) == (500, CHEAP)
    assert shown.planned_flow_w == place.agent.plan[NOW].flow_wh * 6
    assert shown.earned_neur == 1_000 * CHEAP - 100_000_000
    assert (shown.trading_paused, shown.reserve_percent) == (False, 0)


@pytest.mark.parametrize("told", ["nothing", "profile", "override"])
def test_the_limits_that_the_plan_could_not_hold_are_named_until_it_can_whatever_else_is_told(
    place: Place, told: str
) -> None:
    if told == "profile":
        place.profile.write_text("reserve_percent: 5\n")
    elif told == "override":
        place.desk.begin("h1", OverrideKind.RESERVE, 10, time.time(), "command")
    place.desk.look(time.time())
    notice = place.panel.panel("h1").notice
    assert bool(notice) == (told != "nothing")
    limited = Planned("h1", Planner(), PlanningSettings(grid_limit_w=300), Plain(Rule()))
    place.agent._strategy = limited
    place.agent.measurements.take_telemetry(telemetry(NOW, energy_wh=BATTERY.min_wh))
    place.agent.make_plan(place.terms, NOW)
    shown = place.panel.panel("h1")
    assert shown.limits.startswith("without grid_limit_w, all other limits could be held; ")
    assert f"the grid's limit is exceeded in slots {NOW + 1}-" in shown.limits
    assert shown.notice == notice
    place.agent._strategy = Planned("h1", Planner(), PlanningSettings(), Plain(Rule()))
    place.agent.make_plan(place.terms, NOW)
    assert place.panel.panel("h1").limits == ""


def test_a_solver_that_gives_up_is_told_to_the_person(place: Place) -> None:
    place.profile.write_text("reserve_percent: 5\n")
    place.desk.look(time.time())
    place.agent._strategy = Planned("h1", Planner(time_limit_seconds=0.0), PlanningSettings(), Plain(Rule()))
    place.agent.make_plan(place.terms, NOW)
    assert "the plain rule goes on" in place.panel.panel("h1").limits


def test_what_the_person_sets_on_the_page_holds_for_the_agent_and_is_shown_back(place: Place) -> None:
    controls: HomeControls = place.panel
    publisher = PanelPublisher(BrokerAddress(url="mqtt://127.0.0.1:1"), ["h1"], controls, "household")
    commands: list[tuple[str, bytes, Any]] = [
        ("pause_trading", b"ON", lambda: not place.agent.wishes.trading),
        ("reserve", b"40", lambda: place.agent.wishes.reserve_percent == 40),
        ("comfort", b"30", lambda: place.agent.wishes.least_percent == 30),
        ("charge_now", b"PRESS", lambda: place.agent.wishes.charge_until_s > time.time()),
        ("pause_trading", b"OFF", lambda: place.agent.wishes.trading),
    ]
    for key, payload, holds in commands:
        publisher.command(publisher.discovery.command("h1", key), payload, retained=False)
        assert holds(), key
    shown = place.panel.panel("h1")
    assert (shown.reserve_percent, shown.comfort_percent, shown.trading_paused) == (40, 30, False)
    assert "pause_trading has ended" in shown.notice
    assert [one.kind.value for one in place.database.overrides.log("h1")] == [
        "pause_trading",
        "reserve",
        "comfort",
        "charge_now",
    ]


def test_what_can_not_be_done_is_refused_with_a_way_out(place: Place) -> None:
    place.agent.measurements.battery_wh = BATTERY.max_wh
    with pytest.raises(ControlRefused, match="nothing to charge"):
        place.panel.charge_now("h1")
    place.profile.write_text("trading: false\n")
    place.desk.look(time.time())
    with pytest.raises(ControlRefused, match="vdg home profile set trading true"):
        place.panel.pause_trading("h1", False)
    assert place.panel.panel("h1").trading_paused


def test_a_home_without_battery_and_plan_shows_that_it_knows_nothing_of_them(place: Place) -> None:
    place.agent.battery = None
    shown = place.panel.panel("h1")
    assert (shown.state_of_charge_permille, shown.planned_flow_w) == (None, None)
