"""A month's bill with and without the market."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from clients.common.subscribe import Cursor
from clients.household import bill_check, chain_reader
from clients.household.bill import bill_command
from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database, SupplierPrice
from clients.household.keys import address_of_home
from tests.household.test_configuration import minimal, read
from wire.settlement import GetHouseholdRequest, GetHouseholdResponse, HouseholdSettlement

JUNE = int(datetime(2026, 6, 30, 23, 50, tzinfo=UTC).timestamp())


def invoke(folder: Path, *options: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(bill_command)
    result = CliRunner().invoke(app, ["--config", str(folder / "household.yaml"), *options])
    return result.exit_code, result.output


def lived(folder: Path) -> list[HouseholdSettlement]:
    """Two slots of June, one of July, and one whose prices nobody saw."""
    (folder / "h1.seed").write_text("11" * 32)
    (folder / "h1.seed").chmod(0o600)
    configuration = read(folder, minimal())
    address = address_of_home(configuration.homes[0])
    database = Database.open(configuration.household_file, "chain")
    settled = [
        HouseholdSettlement("grid", 10, address, flow_wh=100, bought_wh=100, contracts_neur=-12_000_000),
        HouseholdSettlement("grid", 11, address, flow_wh=-50, deviation_neur=5_000_000),
        HouseholdSettlement("grid", 12, address, flow_wh=100, deviation_neur=-15_000_000),
        HouseholdSettlement("grid", 99, address, flow_wh=100, deviation_neur=-15_000_000),
    ]
    database.follow(Cursor(5, 0), (), settled)
    for slot, start_s in ((10, JUNE - 600), (11, JUNE), (12, JUNE + 600)):
        database.keep_supplier_prices("grid", slot, SupplierPrice(start_s, 150_000, 100_000))
    database.close()
    return settled


def test_the_same_flows_are_priced_with_and_without_the_market(tmp_path: Path) -> None:
    lived(tmp_path)
    code, output = invoke(tmp_path, "--month", "2026-06", "--json")
    assert code == 0
    (bill,) = json.loads(output)
    assert bill["slots"] == 2
    assert bill["unpriced_slots"] == 1
    assert bill["bill_neur"] == 12_000_000 - 5_000_000
    assert bill["without_market_neur"] == 100 * 150_000 - 50 * 100_000
    code, output = invoke(tmp_path, "--month", "2026-07")
    assert code == 0
    assert "0.0150" in output
    assert "without: the same metered flows at the supplier's prices alone; not a home that takes no part" in output


def test_help_says_what_without_the_market_means_and_what_else_is_called_so(tmp_path: Path) -> None:
    read(tmp_path, minimal())
    code, output = invoke(tmp_path, "--help")
    told = " ".join(output.replace("│", " ").split())
    assert code == 0
    assert "the same metered flow of each slot, bought from or sold to the supplier alone" in told
    assert "bill_without_market_neur" in told


def test_a_month_that_is_none_and_an_agent_that_never_ran_are_refused_with_a_way_out(tmp_path: Path) -> None:
    read(tmp_path, minimal())
    code, output = invoke(tmp_path, "--month", "June")
    assert (code, "give a year and a month" in output) == (2, True)
    code, output = invoke(tmp_path)
    assert (code, "start `vdg household run` first" in output) == (2, True)


class Proved:
    """A chain that is believed; it keeps what it is given."""

    def __init__(self, *settled: HouseholdSettlement) -> None:
        self._settled = {(one.slot, one.account): one for one in settled}

    async def query(self, request: GetHouseholdRequest) -> GetHouseholdResponse:
        found = self._settled.get((request.slot, request.account))
        return GetHouseholdResponse(found is not None, found)


def on_chain(monkeypatch: pytest.MonkeyPatch, *settled: HouseholdSettlement) -> None:
    @asynccontextmanager
    async def open_reader(_: HouseholdConfiguration) -> AsyncIterator[Proved]:
        yield Proved(*settled)

    monkeypatch.setattr(bill_check, "open_reader", open_reader)


def test_a_verified_bill_says_which_slots_are_the_chains_and_which_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = lived(tmp_path)
    on_chain(monkeypatch, settled[0])
    code, output = invoke(tmp_path, "--month", "2026-06", "--verify", "--json")
    (bill,) = json.loads(output)
    assert code == 0
    assert bill["verified"] == {"proved": 1, "different": [], "left_out": [], "gone": 1, "agrees": True}
    code, output = invoke(tmp_path, "--month", "2026-06", "--verify")
    assert "1 slots proved; 1 the chain keeps no longer" in output


def test_a_bill_that_is_not_the_chains_fails_and_names_the_slots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = lived(tmp_path)
    on_chain(monkeypatch, settled[0]._replace(contracts_neur=-1), settled[1])
    code, output = invoke(tmp_path, "--month", "2026-06", "--verify")
    assert (code, "DIFFERENT on the chain: slots 10" in output) == (1, True)
    with sqlite3.connect(tmp_path / "data" / "household.db") as connection:
        connection.execute("DELETE FROM settled WHERE slot = 11")
        connection.execute("UPDATE supplier_prices SET start_s = ? WHERE slot = 12", (JUNE,))
    on_chain(monkeypatch, *settled)
    code, output = invoke(tmp_path, "--month", "2026-06", "--verify")
    assert (code, "NOT IN THE BILL: slots 11" in output) == (1, True)


def test_a_bill_can_not_be_verified_without_trust_or_without_a_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path)
    monkeypatch.setattr(chain_reader, "PATIENCE_SECONDS", 0.2)
    code, output = invoke(tmp_path, "--month", "2026-06", "--verify")
    assert (code, "the bill could not be verified" in output) == (1, True)
    content = minimal()
    del content["trust"]
    read(tmp_path, content | {"verify": False})
    code, output = invoke(tmp_path, "--month", "2026-06", "--verify")
    assert (code, "verify is false" in output) == (2, True)
