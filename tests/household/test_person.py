"""The person in charge: profile, overrides at once and with an end, and what a home does about them."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from clients.common.configuration import ConfigurationError
from clients.household.account import LiveOrder
from clients.household.database import Database
from clients.household.home import Home
from clients.household.person.command import profile_command
from clients.household.person.desk import Desk
from clients.household.person.override import OverrideKind, OverrideRefused, checked
from clients.household.person.profile import Profile, field_names, read_profile, with_field
from clients.household.person.time_span import end_of
from clients.household.person.wishes import Wishes
from clients.household.plan import PlannedSlot
from clients.household.reason import Reason
from clients.household.steering import Steering, steering_of
from node.cli.main import app
from tests.household.made import BATTERY, EPOCH_S, SLOT_SECONDS, expected, home, telemetry, terms
from tests.household.test_configuration import minimal, read
from wire.market import CancelOrder, PlaceOrder, Side

NOW_S = 1_790_000_000
RUNNER = CliRunner()


# The profile


def test_the_profile_that_is_written_is_commented_and_reads_as_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(Profile().text())
    assert read_profile(path) == Profile()
    assert path.read_text().count("#") >= 8


def test_every_field_can_be_set_and_the_file_then_says_so(tmp_path: Path) -> None:
    path, profile = tmp_path / "home.yaml", Profile()
    away = "[{begins: 2026-07-01T08:00:00+02:00, ends: 2026-07-14T18:00:00+02:00}]"
    values = ("20", "90", "30", "120000", "false", away, "10")
    assert len(field_names()) == len(values)
    for name, value in zip(field_names(), values, strict=True):
        profile = with_field(profile, name, value)
    path.write_text(profile.text())
    again = read_profile(path)
    assert again == profile
    assert (again.comfort.least_percent, again.comfort.most_percent, again.reserve_percent) == (20, 90, 30)
    assert (again.least_price_neur_per_wh, again.trading, again.away_comfort_percent) == (120_000, False, 10)
    begins_s = again.away[0].begins.timestamp()
    assert [again.is_away(begins_s + seconds) for seconds in (-1, 0, 13 * 86_400, 14 * 86_400)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_profile_with_faults_is_refused_with_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text("reserve_percent: 101\ncomfort: {least_percent: 60, most_percent: 50}\nsell: yes\n")
    with pytest.raises(ConfigurationError) as refused:
        read_profile(path)
    text = str(refused.value)
    assert "reserve_percent = 101" in text
    assert "give less than most_percent, 50" in text
    assert "sell" in text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("reserve_percent", "-5", "greater than or equal to 0"),
        ("reserve_percent", ".nan", "valid integer"),
        ("least_price_neur_per_wh", "1e99", "valid integer"),
        ("comfort", "5", "no such field"),
        ("comfort.coldest", "5", "no such field"),
        ("wish", "5", "no such field"),
        ("away", "[{begins: 2026-07-01T08:00:00, ends: 2026-07-02T08:00:00}]", "time zone"),
        ("away", "[{begins: 2026-07-02T08:00:00Z, ends: 2026-07-01T08:00:00Z}]", "after begins"),
        ("trading", "{", "is not YAML"),
        ("reserve_percent", "None", "reserve_percent = None: .* give a whole number of 0 to 100"),
        ("reserve_percent", "", r"reserve_percent = \(nothing\): .* give a whole number"),
        ("comfort.least_percent", "~", "comfort.least_percent = ~: .* give a whole number of 0 to 100"),
        ("comfort.least_percent", "100", "= 100: least_percent is 100; give less than most_percent"),
        ("trading", "None", "give true or false"),
        ("away", "[{begins: 2026-07-01T08:00:00Z}]", r"0.ends: Field required; give \[\] or"),
        ("trading", "[" * 3_000, "is nested deeper than 32"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        with_field(Profile(), name, value)


def test_a_value_below_zero_is_refused_by_name_and_is_no_option(tmp_path: Path) -> None:
    read(tmp_path, minimal())
    config = ["--config", str(tmp_path / "household.yaml")]
    result = RUNNER.invoke(app, ["home", "profile", "set", "least_price_neur_per_wh", "-4", *config])
    assert (result.exit_code, "least_price_neur_per_wh = -4: " in result.stderr) == (2, True)
    assert "give a whole number of 0 to 10000000" in result.stderr
    result = RUNNER.invoke(app, ["home", "override", "least_price", "-4", *config])
    assert (result.exit_code, "value is -4; least_price takes 0 to 10000000 neur per Wh" in result.stderr) == (2, True)
    result = RUNNER.invoke(app, ["home", "override", "reserve", *config])
    assert (result.exit_code, "value is missing; give one after reserve" in result.stderr) == (2, True)


# Overrides


@pytest.mark.parametrize(
    ("span", "until", "words"),
    [
        ("99999d", "", "--for is '99999d'; give 366d at most, or set what you want as a rule in the profile"),
        ("8785h", "", "give 366d at most"),
        ("", "2300-01-01T00:00:00Z", "--until is '2300-01-01T00:00:00Z'; give a time within 366 days"),
        ("", "2020-01-01T00:00:00Z", "--until is '2020-01-01T00:00:00Z', which is over; give a later time"),
        ("90", "", "--for is '90'; give a number with s, m, h or d"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(span: str, until: str, words: str) -> None:
    with pytest.raises(OverrideRefused) as refused:
        end_of(NOW_S, span, until, 24)
    assert words in str(refused.value)
    assert end_of(NOW_S, "366d", "", 24) == NOW_S + 366 * 86_400


class Place:
    """A file of overrides, a profile, and a desk that looks at both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "household.db"
        self.profile = folder / "h1.yaml"
        self.told: list[Wishes] = []
        self.open()

    def open(self) -> None:
        self.database = Database.open(self.path, "chain")
        self.desk = Desk(self.database.overrides, {"h1": self.profile}, lambda _, wishes: self.told.append(wishes))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_an_override_holds_at_once_and_ends_by_itself(place: Place) -> None:
    place.desk.begin("h1", OverrideKind.CHARGE_NOW, None, NOW_S, "command")
    assert place.desk.wishes("h1").charge_until_s == NOW_S + 4 * 3600
    place.desk.look(NOW_S + 4 * 3600 - 1)
    assert len(place.told) == 1
    place.desk.look(NOW_S + 4 * 3600)
    assert place.told[-1] == Wishes()
    assert "charge_now has ended" in place.desk.notices["h1"]


def test_an_override_survives_a_restart_and_its_end_does_too(place: Place) -> None:
    place.desk.begin("h1", OverrideKind.RESERVE, 40, NOW_S, "command")
    place.database.close()
    place.open()
    place.desk.look(NOW_S + 60)
    assert place.desk.wishes("h1").reserve_percent == 40
    place.desk.look(NOW_S + 8 * 86_400)
    assert place.desk.wishes("h1") == Wishes()


def test_what_another_process_writes_is_seen_at_the_next_look(place: Place) -> None:
    place.desk.look(NOW_S)
    other = Database.open(place.path, "chain")
    other.overrides.begin(checked("h1", OverrideKind.PAUSE_TRADING, None, NOW_S, NOW_S + 60, "command"))
    place.desk.look(NOW_S + 1)
    assert not place.desk.wishes("h1").trading
    other.overrides.end("h1", OverrideKind.PAUSE_TRADING, NOW_S + 2)
    place.desk.look(NOW_S + 2)
    assert place.desk.wishes("h1").trading


def test_a_newer_override_takes_the_place_of_one_of_its_kind_and_both_stay_in_the_log(place: Place) -> None:
    place.desk.begin("h1", OverrideKind.RESERVE, 40, NOW_S, "command")
    place.desk.begin("h1", OverrideKind.RESERVE, 60, NOW_S + 10, "home assistant")
    assert place.desk.wishes("h1").reserve_percent == 60
    first, second = place.database.overrides.log("h1")
    assert (first.value, first.ended_s, first.by) == (40, NOW_S + 10, "command")
    assert (second.value, second.ended_s, second.by) == (60, 0, "home assistant")


def test_a_profile_that_changes_is_read_and_one_that_is_wrong_changes_nothing(place: Place) -> None:
    place.profile.write_text("reserve_percent: 25\n")
    place.desk.look(NOW_S)
    assert place.desk.wishes("h1").reserve_percent == 25
    place.profile.write_text("reserve_percent: 2500\n")
    place.desk.look(NOW_S)
    assert place.desk.wishes("h1").reserve_percent == 25
    assert "the last one goes on" in place.desk.notices["h1"]
    place.profile.unlink()
    place.desk.look(NOW_S)
    assert place.desk.wishes("h1") == Wishes()


@pytest.mark.parametrize(
    ("kind", "value", "seconds", "words"),
    [
        (OverrideKind.RESERVE, 101, 60, "value is 101; reserve takes 0 to 100 percent"),
        (OverrideKind.RESERVE, None, 60, "value is missing; give one after reserve: 0 to 100 percent"),
        (OverrideKind.COMFORT, -1, 60, "value is -1"),
        (OverrideKind.CHARGE_NOW, 5, 60, "takes none: leave it out"),
        (OverrideKind.AWAY, None, 0, "not after now"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(
    kind: OverrideKind, value: int | None, seconds: int, words: str
) -> None:
    with pytest.raises(OverrideRefused, match=words):
        checked("h1", kind, value, NOW_S, NOW_S + seconds, "command")


def test_overrides_come_before_the_profile_and_comfort_is_lower_while_away(place: Place) -> None:
    place.profile.write_text("comfort: {least_percent: 30, most_percent: 80}\naway_comfort_percent: 5\n")
    place.desk.look(NOW_S)
    assert (place.told[-1].least_percent, place.told[-1].most_percent) == (30, 80)
    place.desk.begin("h1", OverrideKind.AWAY, None, NOW_S, "command")
    assert (place.told[-1].away, place.told[-1].least_percent) == (True, 5)
    place.desk.begin("h1", OverrideKind.COMFORT, 90, NOW_S, "command")
    assert (place.told[-1].least_percent, place.told[-1].most_percent) == (90, 90)


# What a home does about them

LACKING, SUNNY = expected(100, 0), expected(100, 800)


def test_who_pauses_trading_has_standing_orders_cancelled_and_places_none() -> None:
    agent = home([LACKING], now=20)
    first = agent.decide(terms(20), 20)
    assert any(isinstance(order, PlaceOrder) for order in first.orders)
    agent.account.orders[("intraday", 30)] = LiveOrder(Side.SIDE_BID, 100, 150_000)
    agent.wishes = Wishes(trading=False)
    paused = agent.decide(terms(20), 20)
    assert paused.orders == (CancelOrder("grid", "intraday", 30),)
    book = agent.open_books(terms(20), 20)[0]
    assert agent.why_not(terms(20), book, 20) is Reason.PAUSED


def test_nothing_is_sold_below_the_person_s_price_and_what_is_bought_is_none_of_it() -> None:
    agent = home([SUNNY], now=20)
    agent.wishes = Wishes(least_price_neur_per_wh=140_000)
    asks = [order for order in agent.decide(terms(20), 20).orders if isinstance(order, PlaceOrder)]
    assert asks
    assert {(order.side, order.limit_price_neur_per_wh) for order in asks} == {(Side.SIDE_ASK, 140_000)}
    agent = home([LACKING], now=20)
    agent.wishes = Wishes(least_price_neur_per_wh=1_000_000)
    bids = [order for order in agent.decide(terms(20), 20).orders if isinstance(order, PlaceOrder)]
    assert {order.side for order in bids} == {Side.SIDE_BID}
    assert max(order.limit_price_neur_per_wh for order in bids) <= 150_000


def reserved(percent: int, energy_wh: int, **powers: int) -> Home:
    """A home in the middle of slot 20 that keeps part of its battery for outages."""
    agent = home([expected(200, 0)], now=19, battery=BATTERY, energy_wh=energy_wh)
    battery_w = powers.pop("battery_w", 0)
    told = telemetry(20, energy_wh=energy_wh, share=0.5, **powers)
    agent.measurements.take_telemetry(told.model_copy(update={"battery_w": battery_w}))
    agent.wishes = Wishes(reserve_percent=percent)
    return agent


def test_the_reserve_is_not_planned_with_and_not_given_for_the_house_s_own_load() -> None:
    agent = reserved(50, energy_wh=3_050)
    agent.make_plan(terms(20), 20)
    assert min(entry.energy_wh or 3_000 for entry in agent.plan.values()) >= 3_000
    # 50 Wh are left above the reserve, the load takes 200 in a slot.
    without, with_it = reserved(0, energy_wh=3_050).store, agent.store
    assert without is not None
    assert with_it is not None
    planned = PlannedSlot(21, 150, 0, hold=False)
    assert steering_of(planned, 0, with_it, 200) == Steering(21, "power", power_w=300)
    assert steering_of(planned, 0, without, 200) is None


def test_a_battery_that_eats_into_the_reserve_is_stopped_whatever_was_set() -> None:
    assert reserved(50, 3_000, battery_w=1_200).correction(None, 20) == Steering(20, "power", power_w=0)
    assert reserved(50, 3_020, battery_w=1_200).correction(None, 20) == Steering(20, "power", power_w=240)
    assert reserved(50, 4_000, battery_w=1_200).correction(None, 20) is None
    assert reserved(0, 3_000, battery_w=1_200).correction(None, 20) is None


def test_charge_now_charges_with_full_power_until_its_end_or_the_battery_is_full() -> None:
    agent = home([expected(200, 0)], now=20, battery=BATTERY, energy_wh=2_000)
    ends_s = EPOCH_S + 23 * SLOT_SECONDS
    agent.wishes = Wishes(charge_until_s=ends_s)
    agent.make_plan(terms(20), 20)
    assert agent.steering(20) == agent.steering(21)._replace(slot=20) == Steering(20, "power", power_w=-3_000)  # type: ignore[union-attr]  # it is steered
    assert (agent.plan[21].flow_wh, agent.plan[21].wanted_wh) == (700, 700)
    assert agent.steering(24) == Steering(24, "power", power_w=0)
    assert home([LACKING], now=20, battery=BATTERY, energy_wh=BATTERY.max_wh).steering(21) is None


# By command


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "household.yaml"
    homes = [{"id": name, "seed_file": f"{name}.seed"} for name in ("h1", "h2")]
    content = {"data": "data", "gateway": {"target": "127.0.0.1:1"}, "verify": False, "vdg": "g", "homes": homes}
    path.write_text(yaml.safe_dump(content | {"mqtt": {"url": "mqtt://127.0.0.1:1"}}))
    return path


def run(config: Path, *words: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, ["home", *words, "--config", str(config), "--home", "h1"])
    assert result.exit_code == code, result.output
    return result.output


def test_a_profile_is_made_shown_set_and_checked_by_command(config: Path) -> None:
    path = Path(json.loads(run(config, "profile", "init", "--json"))["file"])
    assert path == config.parent / "data" / "profiles" / "h1.yaml"
    assert "is there already" in run(config, "profile", "init", code=2)
    path.unlink()
    assert json.loads(run(config, "profile", "check", "--json")) == {"file": str(path), "found": False}
    assert run(config, "profile", "init").strip() == str(path)
    run(config, "profile", "set", "reserve_percent", "30")
    done = json.loads(run(config, "profile", "set", "reserve_percent", "35", "--json"))
    assert (done["file"], done["profile"]["reserve_percent"]) == (str(path), 35)
    assert json.loads(run(config, "profile", "show", "--json"))["reserve_percent"] == 35
    assert "can be used" in run(config, "profile", "check")
    assert json.loads(run(config, "profile", "check", "--json")) == {"file": str(path), "found": True}
    path.write_text("reserve_percent: full\n")
    assert "reserve_percent = 'full'" in run(config, "profile", "check", code=2)


def test_overrides_are_given_ended_and_listed_by_command(config: Path) -> None:
    assert "start `vdg household run` first" in run(config, "override", "away", code=2)
    Database.open(config.parent / "data" / "household.db", "chain").close()
    run(config, "override", "pause_trading", "--for", "90m")
    until = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0).isoformat()
    run(config, "override", "reserve", "50", "--until", until)
    assert "give a number with s, m, h or d" in run(config, "override", "away", "--for", "soon", code=2)
    assert "with its zone" in run(config, "override", "away", "--until", "2099-01-01", code=2)
    assert "0 to 100" in run(config, "override", "reserve", "500", code=2)
    paused, reserve = json.loads(run(config, "overrides", "--json"))
    assert (paused["kind"], paused["stands"]) == ("pause_trading", True)
    assert paused["ends_s"] - time.time() == pytest.approx(5_400, abs=60)
    assert (reserve["value"], reserve["by"]) == (50, "command")
    charging = json.loads(run(config, "override", "charge_now", "--json"))
    assert charging == json.loads(run(config, "overrides", "--json"))[2]
    assert json.loads(run(config, "resume", "charge_now", "--json")) == {"home": "h1", "ended": ["charge_now"]}
    assert json.loads(run(config, "resume", "charge_now", "--json", code=1)) == {"home": "h1", "ended": []}
    assert "ended pause_trading" in run(config, "resume", "pause_trading")
    run(config, "resume", "pause_trading", code=1)
    assert f"until {until}" in run(config, "overrides")


def test_a_home_that_the_file_has_not_is_named(config: Path) -> None:
    result = RUNNER.invoke(profile_command, ["show", "--config", str(config)])
    assert (result.exit_code, "give one of h1, h2" in result.output) == (2, True)


def test_a_locked_file_changes_nothing_and_is_told(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.desk.begin("h1", OverrideKind.RESERVE, 40, NOW_S, "command")
    place.database.close()
    with pytest.raises(sqlite3.Error):
        place.database.overrides.log("h1")
    place.desk.look(NOW_S + 1)
    assert place.desk.wishes("h1").reserve_percent == 40
    assert "overrides can't be read" in caplog.text
