"""Why a home bought, sold, or did not trade: every way in which an order can end, and every way to have none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from clients.common.subscribe import Cursor
from clients.household import chain_reader
from clients.household.account import LiveOrder
from clients.household.database import Database
from clients.household.diary import KEPT_SLOTS, Diary
from clients.household.home import Home
from clients.household.keys import address_of_home
from clients.household.offers import OfferRules
from clients.household.reason import Reason
from clients.household.slot_records import Decided
from clients.household.why.command import why_command
from clients.household.why.explanation import Outcome, account_for
from tests.household.made import ADDRESS, VDG, expected, home, terms
from tests.household.test_configuration import minimal, read
from wire.grid import SlotTerms
from wire.market import Book, Contract, Side
from wire.settlement import HouseholdSettlement

BID, ASK = Side.SIDE_BID, Side.SIDE_ASK
OTHER = b"o" * 20
CLEARED = Book(
    VDG, "intraday", 20, bids=5, asks=4, critical_buyer=OTHER, critical_seller=b"s" * 20, bid_volume_wh=400,
    ask_volume_wh=100, volume_wh=100, buy_price_neur_per_wh=140_000, sell_price_neur_per_wh=110_000, contracts=3,
)  # fmt: skip


def decided(side: int = BID, energy_wh: int = 200, price: int = 145_000, stood: int = 1, reason: str = "") -> Decided:
    why = reason or Reason.OFFERED.value
    return Decided("h1", 20, "intraday", 1, 13, why, 300, 0, 0, energy_wh, side, energy_wh, price, stood)


def bought(energy_wh: int) -> Contract:
    return Contract(f"{VDG}/20/intraday/1", VDG, 20, "intraday", ADDRESS, OTHER, energy_wh, 140_000, 110_000)


@pytest.mark.parametrize(
    ("row", "book", "outcome", "words"),
    [
        (decided(side=0, energy_wh=0, reason="in_debt"), CLEARED, Outcome.NO_ORDER, "in debt"),
        (decided(stood=0), CLEARED, Outcome.NOT_THERE, "had not confirmed"),
        (decided(), None, Outcome.NOT_CLEARED, "nothing is known"),
        (decided(), Book(VDG, "intraday", 20, bids=1), Outcome.NO_CROSSING, "no bid reached any ask"),
        (decided(), CLEARED._replace(critical_buyer=ADDRESS), Outcome.CRITICAL, "of the critical pair"),
        (decided(), CLEARED._replace(volume_wh=0), Outcome.ONE_PAIR, "only one bid or one ask"),
        (decided(price=139_999), CLEARED, Outcome.PRICE, "13.9999 ct/kWh came behind the critical bid at 14 ct/kWh"),
        (decided(side=ASK, price=120_000), CLEARED, Outcome.PRICE, "behind the critical ask at 11 ct/kWh"),
        (decided(price=140_000), CLEARED, Outcome.TIE, "the draw among equal prices"),
        (decided(), CLEARED, Outcome.NO_SHARE, "below 1 Wh"),
    ],
)
def test_an_order_that_does_not_trade_is_told_why(
    row: Decided, book: Book | None, outcome: Outcome, words: str
) -> None:
    account = account_for(row, book, (), ADDRESS)
    assert account.outcome is outcome
    assert words in account.text


def test_one_that_trades_is_told_its_price_and_its_share_and_why_it_is_no_more() -> None:
    account = account_for(decided(), CLEARED, [bought(50)], ADDRESS)
    assert (account.outcome, account.traded_wh, account.share_permille) == (Outcome.TRADED, 50, 250)
    assert account.text.startswith("bought 50 Wh at 14 ct/kWh, 25 % of what was ordered: the bids that won wanted 400")
    sold = account_for(decided(side=ASK), CLEARED, [bought(200)._replace(buyer=OTHER, seller=ADDRESS)], ADDRESS)
    assert sold.text == "sold 200 Wh at 11 ct/kWh, 100 % of what was ordered"


def noted(folder: Path, agent: Home, now: int = 20, caps: SlotTerms | None = None) -> dict[tuple[str, int], Decided]:
    """What the diary keeps of a decision, by book."""
    database = Database.open(folder / "household.db", "chain")
    diary, posted = Diary(database.slots), terms(caps=caps)
    diary.closed(agent)
    diary.decided(agent, posted, now, agent.decide(posted, now))
    diary.keep(now)
    rows = {
        (row.product, row.slot): row for slot in range(now, now + 100) for row in database.slots.decisions("h1", slot)
    }
    database.close()
    return rows


def test_a_decision_is_kept_for_each_book_that_closes_next_and_no_other(tmp_path: Path) -> None:
    rows = noted(tmp_path, home([expected(100, 0)], now=20))
    assert set(rows) == {("real_time", 22), ("intraday", 27)}
    assert rows[("intraday", 27)] == Decided(
        "h1", 27, "intraday", 1, 20, "offered", 100, 0, 0, 100, BID, 100, 150_000, 0
    )


def test_the_order_that_stood_when_the_book_closed_is_the_one_that_counts(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "household.db", "chain")
    diary, posted, agent = Diary(database.slots), terms(), home([expected(100, 0)], now=20)
    diary.decided(agent, posted, 20, agent.decide(posted, 20))
    diary.keep(20)
    agent.account.orders = {("real_time", 22): LiveOrder(BID, 90, 140_000)}
    diary.closed(agent)
    diary.keep(21)
    stood, missed = (database.slots.decisions("h1", slot)[0] for slot in (22, 27))
    database.close()
    assert (stood.stood, stood.energy_wh, stood.price_neur_per_wh) == (1, 90, 140_000)
    assert (missed.stood, missed.energy_wh) == (0, 100)


LACKING = [expected(100, 0)]
HALF_SUNNY = [*[expected(100, 0)] * 146, expected(0, 100)]


def changed(**fields: object) -> Home:
    """A home that lacks energy, with its account changed."""
    agent = home(LACKING, now=20)
    for name, value in fields.items():
        setattr(agent.account, name, value)
    return agent


@pytest.mark.parametrize(
    ("reason", "agent", "now", "caps"),
    [
        (Reason.NOTHING_WANTED, home([expected(100, 100)], now=20), 20, None),
        (Reason.MIXED, home(HALF_SUNNY, now=71, rules=OfferRules()), 71, None),
        (Reason.TOO_LITTLE, home([expected(3, 0)], now=20), 20, None),
        (Reason.LIMITED, home(LACKING, now=20), 20, SlotTerms(capped=True)),
        (Reason.NO_PRICE, home(LACKING, now=20, margin_permille=1000), 20, None),
        (Reason.ELSEWHERE, home(LACKING, now=20, rules=OfferRules(orders_a_slot=1)), 20, None),
        (Reason.SHORT_OF_MONEY, changed(budget_neur=0), 20, None),
        (Reason.IN_DEBT, changed(debts={(OTHER, "energy"): 1}), 20, None),
        (Reason.SUSPENDED, changed(suspended="FROZEN"), 20, None),
        (Reason.UNHEARD, home(LACKING, now=20), 25, None),
    ],
)
def test_where_there_is_no_order_the_diary_says_why(
    tmp_path: Path, reason: Reason, agent: Home, now: int, caps: SlotTerms | None
) -> None:
    rows = noted(tmp_path, agent, now, caps)
    assert reason.value in {row.reason for row in rows.values()}
    assert all(not row.side for row in rows.values() if row.reason == reason.value)
    assert reason.text in account_for(next(row for row in rows.values() if not row.side), None, (), ADDRESS).text


def test_slots_that_were_never_planned_are_told_too() -> None:
    agent, posted = home([expected(100, 0)], now=20), terms()
    book = agent.open_books(posted, 20)[0]
    assert agent.why_not(posted, book, 20) is Reason.UNPLANNED


def invoke(folder: Path, *arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(why_command)
    result = CliRunner().invoke(app, [*arguments, "--config", str(folder / "household.yaml")])
    return result.exit_code, result.stdout, result.stderr


def lived(folder: Path) -> bytes:
    """An agent's file with an order that traded, in slot 20; its gateway is away. Returns the home's address."""
    (folder / "h1.seed").write_text("11" * 32)
    (folder / "h1.seed").chmod(0o600)
    content = minimal()
    content["gateway"]["target"] = "127.0.0.1:1"
    configuration = read(folder, content)
    address = address_of_home(configuration.homes[0])
    database = Database.open(configuration.household_file, "chain")
    database.slots.keep([decided(), decided(side=0, energy_wh=0, reason="too_little")._replace(slot=25)])
    settled = HouseholdSettlement("grid", 20, address, flow_wh=70, bought_wh=50, contracts_neur=-7_000_000)
    database.follow(Cursor(5, 0), [bought(50)._replace(buyer=address)], [settled])
    database.close()
    return address


def test_the_command_tells_what_the_agent_knows_also_while_no_gateway_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path)
    monkeypatch.setattr(chain_reader, "PATIENCE_SECONDS", 0.2)
    code, output, errors = invoke(tmp_path, "20")
    assert code == 0
    assert "bought 50 Wh at 14 ct/kWh, 25 % of what was ordered" in output
    assert "order: buy 200 Wh at 14.5 ct/kWh or less" in output
    assert "the meter counted 70 Wh, 50 Wh were contracted" in output
    assert "the chain could not be asked" in errors
    code, output, _ = invoke(tmp_path, "25", "--json")
    (record,) = json.loads(output)
    (book,) = record["books"]
    assert (code, book["outcome"], book["reason"], book["order"]) == (0, "no_order", "too_little", None)
    assert book["clearing"] is None


@pytest.mark.parametrize(
    ("slot", "words"),
    [("3", "is too old"), ("22", "made no decision about slot 22"), ("99", "no book of slot 99 has closed yet")],
)
def test_a_slot_that_nothing_is_known_of_is_told_so(tmp_path: Path, slot: str, words: str) -> None:
    lived(tmp_path)
    code, output, _ = invoke(tmp_path, slot)
    assert (code, words in output) == (1, True)


def test_a_home_that_is_not_in_the_file_and_an_agent_that_never_ran_are_refused(tmp_path: Path) -> None:
    read(tmp_path, minimal())
    code, _, errors = invoke(tmp_path, "20", "--home", "nobody")
    assert (code, "the file has no such home; it has h1" in errors) == (2, True)
    code, _, errors = invoke(tmp_path, "20")
    assert (code, "start `vdg household run` first" in errors) == (2, True)


def test_decisions_are_forgotten_after_a_week(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "household.db", "chain")
    database.slots.keep([decided(), decided()._replace(slot=72)])
    Diary(database.slots).keep(KEPT_SLOTS + 72)
    assert database.slots.decided_slots("h1") == (72, 72)
    database.close()
