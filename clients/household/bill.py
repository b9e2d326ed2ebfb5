"""The command ``vdg home bill``: what homes paid this month, and what the same flows had cost without the market."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from clients.common.configuration import read_configuration
from clients.common.errors import ChainError
from clients.household.bill_check import BillCheck, check_bills
from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database, SupplierPrice
from clients.household.keys import address_of_home
from clients.household.refusing import EXIT_BAD_INPUT, refusals
from clients.household.status import existing_file
from wire.settlement import HouseholdSettlement
from wire.unverified import Unverified

EXIT_FAILED = 1


class MonthBill(NamedTuple):
    """One home's settled slots of a month (UTC), neur: what it paid less what it received.

    ``without_market_neur``: the metered flow of each slot, as it was, bought from or sold to the supplier at its prices
    in that slot. It is no other life of the home: its battery ran for the market, and what it holds is in neither sum.
    ``unpriced_slots``: settled slots whose supplier's prices the agent never saw, which are in neither sum.
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


class Month(NamedTuple):
    """One home's settled slots of a month, and their supplier's prices.

    ``unpriced``: slots of all months whose prices the agent never saw.
    """

    home: str
    vdg: str
    account: bytes
    settled: tuple[HouseholdSettlement, ...]
    prices: dict[int, SupplierPrice]
    unpriced: tuple[HouseholdSettlement, ...]

    def bill(self, month: str) -> MonthBill:
        """Add it up."""
        paid = without = 0
        for one in self.settled:
            price = self.prices[one.slot]
            paid -= one.contracts_neur + one.deviation_neur + one.rebate_neur + one.reward_neur
            without += one.flow_wh * (price.buy_neur_per_wh if one.flow_wh >= 0 else price.sell_neur_per_wh)
        flow = sum(one.flow_wh for one in self.settled)
        bought, sold = sum(one.bought_wh for one in self.settled), sum(one.sold_wh for one in self.settled)
        return MonthBill(self.home, month, len(self.settled), len(self.unpriced), paid, without, flow, bought, sold)

    @property
    def known(self) -> dict[int, HouseholdSettlement]:
        """All that the file has from the first to the last settled slot of the month, those without prices too."""
        slots = [one.slot for one in self.settled]
        between = range(min(slots, default=0), max(slots, default=-1) + 1)
        return {one.slot: one for one in (*self.settled, *self.unpriced) if one.slot in between}


def read_months(configuration: HouseholdConfiguration, month: str) -> list[Month]:
    """The file's settled slots of a month, ``YYYY-MM``. Raises: ConfigurationError, sqlite3.Error."""
    database = Database.read_only(existing_file(configuration))
    try:
        months = []
        for home in configuration.homes:
            vdg, account = configuration.vdg_of(home), address_of_home(home)
            months.append(month_of_home(database, home.id, vdg, account, month))
        return months
    finally:
        database.close()


def month_of_home(database: Database, home: str, vdg: str, account: bytes, month: str) -> Month:
    """One home's settled slots of a month, ``YYYY-MM``. Raises: sqlite3.Error."""
    prices = database.supplier_prices(vdg)
    settled = database.settlements(account)
    priced = [one for one in settled if one.slot in prices]
    wanted = tuple(one for one in priced if _month_of(prices[one.slot].start_s) == month)
    unpriced = tuple(one for one in settled if one.slot not in prices)
    return Month(home, vdg, account, wanted, prices, unpriced)


def _month_of(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m")


def bill_command(
    config: Annotated[Path, typer.Option("--config", help="The agents' YAML file.")],
    month: Annotated[str, typer.Option(help="YYYY-MM, in UTC. [default: this month]")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Prove every slot against the chain's state.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show each home's bill of a month, with and without the market, from what its agent verified.

    Without the market: the same metered flow of each slot, bought from or sold to the supplier alone at its prices in
    that slot. Battery and devices are taken to have run as they did, so this is what the market changed in the price of
    these flows, not what a home that takes no part would have paid; that is the report's bill_without_market_neur,
    self-consumption of the same loads and sun.

    With --verify, every slot is proved again under the validators' signatures, and slots that the file lacks are looked
    for. Exit code 1: the bill is not the chain's, or the chain could not be asked; 2: bad input.
    """
    chosen = month or datetime.now(UTC).strftime("%Y-%m")
    try:
        datetime.strptime(chosen, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        typer.echo(f"error: month is {chosen!r}; give a year and a month, as in 2026-06", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    checks: list[BillCheck] = []
    try:
        with refusals():
            configuration = read_configuration(config, HouseholdConfiguration)
            months = read_months(configuration, chosen)
            if verify:
                checks = asyncio.run(check_bills(configuration, [(one.vdg, one.account, one.known) for one in months]))
    except (ChainError, Unverified) as error:
        typer.echo(f"error: the bill could not be verified: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    bills = [one.bill(chosen) for one in months]
    if as_json:
        records = [bill._asdict() for bill in bills]
        for record, check in zip(records, checks, strict=False):
            record["verified"] = check._asdict() | {"agrees": check.agrees}
        typer.echo(json.dumps(records))
    else:
        _print(bills, checks)
    if not all(check.agrees for check in checks):
        raise typer.Exit(EXIT_FAILED)


def _print(bills: list[MonthBill], checks: list[BillCheck]) -> None:
    typer.echo(
        f"{'home':16} {'slots':>5} {'bill eur':>10} {'without eur':>12} {'saved eur':>10} "
        f"{'bought Wh':>9} {'sold Wh':>8}"
    )
    for index, bill in enumerate(bills):
        saved = bill.without_market_neur - bill.bill_neur
        typer.echo(
            f"{bill.home:16} {bill.slots:5} {bill.bill_neur / 1e9:10.4f} {bill.without_market_neur / 1e9:12.4f} "
            f"{saved / 1e9:10.4f} {bill.bought_wh:9} {bill.sold_wh:8}"
        )
        if bill.unpriced_slots:
            typer.echo(f"{'':16} {bill.unpriced_slots} slots of all months are left out: no prices were seen for them")
        if checks:
            typer.echo(f"{'':16} {checks[index].text}")
    typer.echo("without: the same metered flows at the supplier's prices alone; not a home that takes no part")
