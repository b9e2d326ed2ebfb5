"""The command `vdg replay`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from abci_app.app import App
from abci_app.genesis import GenesisError
from abci_app.state.store import MemoryStore
from abci_app.upgrade import WrongSoftware
from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption, note, print_json
from node.history.command_options import HomeOption, RpcOption, UntilOption, input_error
from node.history.errors import HistoryError
from node.history.source import open_source
from node.replay.replay import Replayed, replay
from node.store import StoreUnavailable, open_store
from node.validator import ValidatorApplication

_EVERY_SECONDS = 2.0


def replay_command(
    rpc: RpcOption = None,
    home: HomeOption = None,
    until: UntilOption = None,
    store: Annotated[
        Path | None,
        typer.Option(help="Keep the state in this empty folder, not in memory; it can become a validator's state."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Execute a node's whole chain anew and compare every app hash with the headers.

    Exit code 0 when all agree, or all up to the height of a software upgrade; 1 at the first difference, with its
    height and the results that differ.
    """
    input_error(rpc, home)
    started = time.monotonic()
    try:
        replayed = asyncio.run(_run(rpc, home, until, store))
    except (HistoryError, GenesisError, StoreUnavailable, WrongSoftware) as error:
        raise CommandError(str(error)) from error
    seconds = time.monotonic() - started
    if as_json:
        print_json(_plain(replayed, seconds))
    elif replayed.difference is None:
        typer.echo(
            f"{replayed.chain_id}: {replayed.blocks} blocks, {replayed.transactions} transactions executed in "
            f"{seconds:.1f} s; every app hash agrees, the last is {replayed.app_hash.hex()} at {replayed.height}"
        )
        if replayed.needed_version is not None:
            typer.echo(
                f"from height {replayed.height + 1} on the chain runs version {replayed.needed_version}: that software "
                "goes on from a snapshot or a backup of the state"
            )
    if replayed.difference is not None:
        if not as_json:
            typer.echo(str(replayed.difference))
        raise typer.Exit(Exit.FAILURE)


async def _run(rpc: str | None, home: Path | None, until: int | None, folder: Path | None) -> Replayed:
    last_note = time.monotonic()

    def progress(height: int, last: int) -> None:
        nonlocal last_note
        if time.monotonic() - last_note >= _EVERY_SECONDS:
            last_note = time.monotonic()
            note(f"height {height} of {last}")

    async with open_source(rpc, home) as source:
        if folder is None:
            return await replay(source, ValidatorApplication(App(MemoryStore())), until, progress)
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"--store {folder}: not empty; give a folder of its own", Exit.BAD_INPUT)
        disk = open_store(folder)
        try:
            return await replay(source, ValidatorApplication(App(disk)), until, progress)
        finally:
            disk.close()


def _plain(replayed: Replayed, seconds: float) -> dict[str, object]:
    difference = replayed.difference
    return {
        "chain_id": replayed.chain_id,
        "blocks": replayed.blocks,
        "transactions": replayed.transactions,
        "height": replayed.height,
        "app_hash": replayed.app_hash.hex(),
        "seconds": round(seconds, 3),
        "needed_version": replayed.needed_version,
        "difference": difference and {**vars(difference), "results": list(difference.results)},
    }
