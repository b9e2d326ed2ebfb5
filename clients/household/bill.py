"""The command ``vdg home bill``: what homes paid this month, and what the same flows had cost without the market."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from clients.common.configuration import ConfigurationError, read_configuration
from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database
from clients.household.keys import address_of_home
from clients.household.status import existing_file

EXIT_BAD_INPUT = 2


class MonthBill(NamedTuple):
    """One home's settled slots of a month (UTC), neur: what it paid less what it received.

    ``without_market_neur``: the same metered flows bought from and sold to the supplier alone. ``unpriced_slots``:
    settled slots whose supplier's prices the agent never saw, which are in neither sum.
    """

    home: str
    month: str
    slots: int
    unpriced_slots: int
    bill_neur: int
    without_market_neur: int
    flow_wh: int
    bought_wh: int
    sold_wh: int


def read_bills(configuration: HouseholdConfiguration, month: str) -> list[MonthBill]:
    """Add up the file's settled slots of a month, ``YYYY-MM``. Raises: ConfigurationError, sqlite3.Error."""
    database = Database.read_only(existing_file(configuration))
    try:
        bills = []
        for home in configuration.homes:
            prices = database.supplier_prices(configuration.vdg_of(home))
            slots = unpriced = bill = without = flow = bought = sold = 0
            for settled in database.settlements(address_of_home(home)):
                price = prices.get(settled.slot)
                if price is None:
                    unpriced += 1
                elif datetime.fromtimestamp(price.start_s, UTC).strftime("%Y-%m") == month:
                    slots += 1
                    bill -= settled.contracts_neur + settled.deviation_neur + settled.rebate_neur + settled.reward_neur
                    without += settled.flow_wh * (
                        price.buy_neur_per_wh if settled.flow_wh >= 0 else price.sell_neur_per_wh
                    )
                    flow, bought, sold = flow + settled.flow_wh, bought + settled.bought_wh, sold + settled.sold_wh
            bills.append(MonthBill(home.id, month, slots, unpriced, bill, without, flow, bought, sold))
        return bills
    finally:
        database.close()


def bill_command(
    config: Annotated[Path, typer.Option("--config", help="The agents' YAML file.")],
    month: Annotated[str, typer.Option(help="YYYY-MM, in UTC. [default: this month]")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show each home's bill of a month, with and without the market, from what its agent verified."""
    chosen = month or datetime.now(UTC).strftime("%Y-%m")
    try:
        datetime.strptime(chosen, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        typer.echo(f"error: month is {chosen!r}; give a year and a month, as in 2026-06", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    try:
        bills = read_bills(read_configuration(config, HouseholdConfiguration), chosen)
    except ConfigurationError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    except sqlite3.Error as error:
        typer.echo(f"error: {error}; if the file is an older version's, start its agent once", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    if as_json:
        typer.echo(json.dumps([bill._asdict() for bill in bills]))
        return
    typer.echo(
        f"{'home':16} {'slots':>5} {'bill eur':>10} {'without eur':>12} {'saved eur':>10} "
        f"{'bought Wh':>9} {'sold Wh':>8}"
    )
    for bill in bills:
        saved = bill.without_market_neur - bill.bill_neur
        typer.echo(
            f"{bill.home:16} {bill.slots:5} {bill.bill_neur / 1e9:10.4f} {bill.without_market_neur / 1e9:12.4f} "
            f"{saved / 1e9:10.4f} {bill.bought_wh:9} {bill.sold_wh:8}"
        )
        if bill.unpriced_slots:
            typer.echo(f"{'':16} {bill.unpriced_slots} slots of all months are left out: no prices were seen for them")
