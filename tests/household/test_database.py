"""What the agent's file keeps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clients.common.configuration import ConfigurationError
from clients.common.subscribe import Cursor
from clients.household.account import Account, Bill
from clients.household.database import Database
from tests.household.made import ADDRESS, VDG
from wire.market import CancelOrder, Contract, PlaceOrder, Side
from wire.settlement import HouseholdSettlement

PLACE = PlaceOrder(VDG, "intraday", 30, Side.SIDE_BID, 100, 120_000)
CANCEL = CancelOrder(VDG, "intraday", 31)


def settled(slot: int) -> HouseholdSettlement:
    return HouseholdSettlement(
        VDG, slot, ADDRESS, 90, 100, 0, 90, contracts_neur=-50, deviation_neur=7, rebate_neur=3, reward_neur=-1
    )


def contract(slot: int) -> Contract:
    return Contract(f"c/{slot}", VDG, slot, "intraday", ADDRESS, b"s" * 20, 100, 2, 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "household.db"


def test_contracts_and_bills_come_back_each_once(file: Path) -> None:
    database = Database.open(file, "chain")
    assert database.cursor() is None
    database.follow(Cursor(5, 1), [contract(3), contract(4)], [settled(1)])
    database.follow(Cursor(6), [contract(4)], [settled(1), settled(2)])
    database.close()
    database = Database.open(file, "chain")
    assert database.cursor() == Cursor(6)
    assert [found.slot for found in database.contracts_from(4)] == [4]
    assert database.bill(ADDRESS) == Bill(2, 82, 200, 0, 6, -2)
    assert database.settled_slots(ADDRESS, 2) == {2}
    database.forget_contracts_before(4)
    assert [found.slot for found in database.contracts_from(0)] == [4]


def test_the_bill_in_memory_is_the_one_in_the_file(file: Path) -> None:
    database, account = Database.open(file, "chain"), Account(ADDRESS)
    for slot in (4, 2, 2, 9):
        database.follow(Cursor(slot), settled=[settled(slot)])
        account.settle(settled(slot))
    assert account.bill == database.bill(ADDRESS)


def test_what_is_under_way_survives_a_crash_under_the_same_key(file: Path) -> None:
    database = Database.open(file, "chain")
    first, second = database.begin("h1", [(PLACE, 50), (CANCEL, 60)])
    database.finish(first)
    # Killed: nothing is closed, and what is finished was not written yet.
    again = Database.open(file, "chain")
    assert again.under_way() == [first, second]
    again.finish(first)
    again.follow(Cursor(1))
    assert again.under_way() == [second]
    assert second.message == CANCEL


def test_a_new_file_never_uses_an_old_ones_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("a", "b"):
        (item,) = Database.open(tmp_path / name, "chain").begin("h1", [(PLACE, 50)])
        keys.add(item.key)
    assert len(keys) == 2


def test_a_key_is_never_used_again(file: Path) -> None:
    database = Database.open(file, "chain")
    (first,) = database.begin("h1", [(PLACE, 50)])
    database.finish(first)
    database.close()
    (second,) = Database.open(file, "chain").begin("h1", [(PLACE, 50)])
    assert first.key != second.key


def test_alarms_are_kept_until_they_are_over(file: Path) -> None:
    database = Database.open(file, "chain")
    database.alarm("h1", 1, "in debt")
    database.alarm("h1", 2, "suspended")
    assert Database.read_only(file).alarms() == {"h1": (2, "suspended")}
    database.alarm("h1", 3, "")
    assert database.alarms() == {}


def test_another_chains_file_and_another_programs_are_refused(file: Path, tmp_path: Path) -> None:
    Database.open(file, "chain").close()
    with pytest.raises(ConfigurationError, match="belongs to chain 'chain', not to 'other'"):
        Database.open(file, "other")
    strange = tmp_path / "strange.db"
    strange.write_bytes(b"no database" * 100)
    with pytest.raises(ConfigurationError, match="can't be used"):
        Database.open(strange, "chain")


def test_whoever_reads_a_file_before_its_agent_has_made_it_is_told_to_ask_again(tmp_path: Path) -> None:
    path = tmp_path / "household.db"
    sqlite3.connect(path).close()
    with pytest.raises(ConfigurationError, match=r"household state of version 1 \(yet\); ask again"):
        Database.read_only(path)
    Database.open(path, "chain").close()
    with closing(Database.read_only(path)) as database:
        assert database.alarms() == {}
