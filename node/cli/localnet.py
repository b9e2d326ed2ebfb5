"""`vdg localnet`: validators on this machine."""

from __future__ import annotations

import asyncio
import json
import shlex
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.app_state import read_app_state
from node.cli.exits import CommandError, Exit
from node.cli.keys import FolderOption
from node.cli.output import JsonOption, note, print_json

if TYPE_CHECKING:
    from node.localnet.plan import Application
    from node.localnet.status import LocalnetStatus

app = typer.Typer(no_args_is_help=True, help="Validators on this machine, each an application and its CometBFT.")

HomeOption = Annotated[Path, typer.Option("--home", help="The localnet's folder.")]
DEFAULT_HOME = Path("run/localnet")


@app.command()
def up(
    home: HomeOption = DEFAULT_HOME,
    validators: Annotated[int, typer.Option(min=1, help="How many validators a new localnet gets.")] = 4,
    chain_id: Annotated[str, typer.Option(help="A new localnet's chain id.")] = "vdg-local",
    account: Annotated[
        list[str] | None,
        typer.Option(help="A new localnet's first accounts, KEY:ROLE,ROLE for each; KEY as in `vdg keys`."),
    ] = None,
    keys: FolderOption = None,
    app_state: Annotated[
        Path | None,
        typer.Option(help="A new localnet's genesis of the application, a JSON file instead of accounts."),
    ] = None,
    application: Annotated[
        str, typer.Option(help="A new localnet's application: vdg, kvstore (Go's own), or a command.")
    ] = "vdg",
    timeout_commit_ms: Annotated[int, typer.Option(min=0, help="A new localnet's pause after each block.")] = 500,
    foreground: Annotated[bool, typer.Option(help="Stay until Ctrl-C instead of going to the background.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Start the localnet, made first where there is none, and wait for its first block."""
    from node.cometbft.settings import Settings
    from node.localnet.control import start_in_background
    from node.localnet.daemon import supervise
    from node.localnet.localnet import Localnet
    from node.localnet.plan import FILE
    from node.toolchain import binary

    if not (home / FILE).exists():
        genesis = read_app_state(app_state, account or (), keys, is_vdg=application == "vdg")
        net = Localnet.create(
            home,
            chain_id=chain_id,
            validators=validators,
            application=parse_application(application),
            settings=Settings(timeout_commit_ms=timeout_commit_ms),
        )
        net.write_genesis(genesis)
        note(f"made a localnet of {validators} validators in {home}")
    # Here rather than in the supervisor, so that one sees how a first build goes on.
    binary(version=Localnet.open(home).plan.cometbft_version)
    if foreground:
        asyncio.run(supervise(home, note, on_up=lambda line: note(f"{line}\nCtrl-C stops it")))
        return
    start_in_background(home, note)
    show_status(home, as_json)


@app.command()
def down(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Stop the localnet; its data stay, and `up` goes on from there. Harmless when it does not run."""
    from node.localnet.control import stop
    from node.localnet.plan import Plan

    Plan.load(home)
    stopped = stop(home)
    if as_json:
        print_json({"home": str(home.resolve()), "stopped": stopped})
    else:
        note("stopped" if stopped else "it did not run")


@app.command()
def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show each validator's height, app hash, peers and processes. Exit code 3 when the localnet does not run."""
    if show_status(home, as_json).phase == "down":
        raise typer.Exit(Exit.UNREACHABLE)


@app.command()
def logs(
    name: Annotated[
        str, typer.Argument(help="A process or validator, such as validator0 or validator0.app; all by default.")
    ] = "",
    home: HomeOption = DEFAULT_HOME,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of each to begin with.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the logs of the localnet's processes; with --json one object a line."""
    from node.localnet.log_reader import follow_logs, last_lines, logs_of

    found = logs_of(home.resolve(), name)
    for entry in chain(last_lines(found, lines), follow_logs(found) if follow else ()):
        if as_json:
            typer.echo(json.dumps(entry._asdict(), ensure_ascii=False))
        else:
            typer.echo(f"{entry.process}: {entry.line}" if len(found) > 1 else entry.line)


@app.command()
def restart(
    name: Annotated[str, typer.Argument(help="A validator or service, such as validator0.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """End a validator's or service's processes and wait until they run again."""
    from node.localnet import control

    unit = control.restart(home, name).unit(name)
    if as_json:
        print_json(unit.model_dump(mode="json") if unit else None)
    else:
        note(f"{name} runs again")


def parse_application(text: str) -> Application:
    """The application that an option names."""
    from node.localnet.plan import VDG, Application

    if text == "vdg":
        return VDG
    if text == "kvstore":
        return Application.of_cometbft("persistent_kvstore")
    command = shlex.split(text)
    if not command:
        raise CommandError("--application is empty: give vdg, kvstore or a command", Exit.BAD_INPUT)
    return Application.of_command(*command)


def show_status(home: Path, as_json: bool) -> LocalnetStatus:
    """Print the status and return it."""
    from node.localnet.status import read_status

    found = asyncio.run(read_status(home))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_status(found)
    return found


def print_status(found: LocalnetStatus) -> None:
    """The status as a table for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table("validator", "state", "height", "app hash", "peers", "restarts", box=None, pad_edge=False)
    table.add_column("RPC", overflow="fold")
    for validator in found.validators:
        state = "catching up" if validator.catching_up else str(validator.state)
        answer = (validator.height, (validator.app_hash or "")[:8], validator.peers)
        shown = ["-" if value in (None, "") else str(value) for value in answer]
        table.add_row(validator.name, state, *shown, str(validator.restarts), validator.rpc_url)
    for service in found.services:
        table.add_row(service.name, str(service.state), "", "", "", str(service.restarts), "")
    console = Console()
    console.print(f"{found.chain_id} in {found.home}: {found.phase}", soft_wrap=True, highlight=False)
    console.print(table)
    for validator in found.validators:
        if validator.problem or validator.last_end:
            typer.echo(f"{validator.name}: {validator.problem or validator.last_end}")
