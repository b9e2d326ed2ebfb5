"""The command `vdg run`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from clients.common.slots import SLOTS_PER_DAY
from clients.household.strategy import StrategyName
from emulator.homes import DEFAULT_DAY
from emulator.scenario import Scenario
from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption
from node.run.control_section import summary_of
from node.run.day import DisplayFactory, Options, run_day
from node.run.daylog import DayLog
from node.run.homes import MAX_HOMES
from node.run.progress import Display
from node.run.report import Report
from node.run.scenario import plan_of
from node.run.timing import DayAhead, Timing

_SLOT_SECONDS = 5


def run_command(
    slot_seconds: Annotated[
        int | None, typer.Option(min=1, max=600, help="Real seconds of a ten-minute slot. [default: 5, chapter6: 20]")
    ] = None,
    homes: Annotated[
        int | None, typer.Option(min=2, max=MAX_HOMES, help="Number of homes. [default: 33, or all of --data]")
    ] = None,
    validators: Annotated[int, typer.Option(min=1, max=16, help="Number of validators.")] = 4,
    from_slot: Annotated[
        int | None, typer.Option(min=0, max=143, help="Begin with this slot of the day. [default: 0, chapter6: 60]")
    ] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, help="Live so many slots. [default: to the day's end, chapter6: 24]")
    ] = None,
    scenario: Annotated[
        Scenario | None,
        typer.Option(
            help="A chapter's neighbourhood, with grid and real-time control; 5 has switches, 6 limits in reach too."
        ),
    ] = None,
    day: Annotated[str, typer.Option(help="The day to live, MM-DD.")] = DEFAULT_DAY,
    data: Annotated[
        Path | None, typer.Option(help="Folder of own CSV files of homes, load and PV. [default: the built-in year]")
    ] = None,
    day_ahead: Annotated[
        str | None,
        typer.Option(
            help="Trade the day's hourly blocks too: begin before their gate at `noon` of the day before, or have each "
            "close so many slots before it starts."
        ),
    ] = None,
    strategy: Annotated[
        StrategyName, typer.Option(help="How homes with batteries plan: by linear programs, or the plain rule.")
    ] = StrategyName.PLANNED,
    devices: Annotated[
        int,
        typer.Option(min=0, help="So many homes have a car, a heat pump, or a water heater and a washer."),
    ] = 0,
    beside: Annotated[
        Path | None,
        typer.Option(help="report.json of the same slots with --strategy plain; its bills are put beside this run's."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Run a neighbourhood's whole day on real validators and write report.json and report.html.

    Exit code 0 when every slot of the day is settled and nothing is wrong; 130 after Ctrl-C, with a report of what was
    settled by then.
    """
    console = Console(stderr=True)

    def display_of(log: DayLog, timing: Timing) -> Display:
        return Display(log, timing.epoch_s, timing.slot_seconds, console, quiet=as_json)

    try:
        plan = plan_of(scenario, day) if scenario is not None else None
        first = from_slot if from_slot is not None else plan.from_slot if plan is not None else 0
        usual = plan.slots if plan is not None and from_slot is None else SLOTS_PER_DAY - first
        options = Options(
            slot_seconds or (plan.slot_seconds if plan is not None else _SLOT_SECONDS),
            first,
            slots or usual,
            homes,
            validators,
            day,
            out,
            day_ahead=None if day_ahead is None else DayAhead.parse(day_ahead),
            strategy=strategy,
            plan=plan,
            devices=devices,
            beside=beside,
            data=data,
        )
        report = asyncio.run(_until_done(options, display_of))
    except ValueError as error:
        raise CommandError(str(error), Exit.BAD_INPUT) from error
    if as_json:
        typer.echo(report.model_dump_json())
    else:
        typer.echo(_summary(report, out))
    if not report.finished:
        raise typer.Exit(Exit.INTERRUPTED)
    if report.problems:
        raise typer.Exit(Exit.FAILURE)


async def _until_done(options: Options, display_of: DisplayFactory) -> Report:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await run_day(options, display_of, stop)


def _summary(report: Report, out: Path) -> str:
    higher = sum(1 for home in report.homes if home.why_higher)
    saved = sum(home.bill_without_market_neur - home.bill_neur for home in report.homes)
    lines = [
        f"{report.energy_traded_wh / 1000:.1f} kWh traded, {report.energy_verified_wh / 1000:.1f} kWh of it verified; "
        f"{report.contracts.settled} contracts settled, {report.contracts.unwound} unwound",
        *(
            f"{product.product}: {product.traded_wh / 1000:.1f} kWh traded, {product.verified_wh / 1000:.1f} kWh of it "
            f"verified, {product.contracts_made} contracts"
            for product in report.products
        ),
        f"bills: {abs(saved) / 1e9:.2f} € {'less' if saved >= 0 else 'more'} than without the market"
        + (f"; higher for {higher} homes, and the report says why" if higher else "; higher for nobody"),
        *_beside(report),
        f"{report.blocks} blocks, {report.proofs} proofs, {report.transactions.submitted} transactions; "
        f"app hashes agree at {report.app_hash_agreed.heights - report.app_hash_agreed.disagreements} of "
        f"{report.app_hash_agreed.heights} heights",
        *([summary_of(report.control)] if report.control is not None else []),
        *(f"problem: {problem}" for problem in report.problems),
        f"report: {out / 'report.html'} and {out / 'report.json'}",
    ]
    return "\n".join(lines)


def _beside(report: Report) -> list[str]:
    """How the bills compare with the plain rule's, where a run of it was named."""
    less = [home.bill_plain_neur - home.bill_neur for home in report.homes if home.bill_plain_neur is not None]
    if not less:
        return []
    stored_wh = sum(home.battery_end_wh - (home.battery_end_plain_wh or 0) for home in report.homes)
    return [
        f"bills: {sum(less) / 1e9:.2f} € less than by the plain rule, lower for {sum(each > 0 for each in less)} of "
        f"{len(less)} homes; their batteries hold {stored_wh / 1000:.1f} kWh more at the end"
    ]
