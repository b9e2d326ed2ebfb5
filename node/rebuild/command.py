"""The command `vdg node rebuild`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from node.cli.exits import CommandError
from node.cli.node_home import HomeOption, must_be_a_node, must_be_several
from node.cli.output import JsonOption, print_json
from node.localnet.joining import look_up
from node.rebuild.errors import RebuildError
from node.rebuild.rebuild import by_replay, by_state_sync


def rebuild_command(
    home: HomeOption,
    from_: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="URL", help="Sync the state from these nodes (JSON-RPC, two or more) instead."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set a damaged state aside; the node makes it anew when it is started.

    It replays its blocks from the first on; where those are pruned, or damaged too, it can sync the state from other
    nodes. The validator's key and its record of what it signed stay as they are.
    """
    must_be_a_node(home)
    if from_:
        must_be_several(from_)
    try:
        if from_:
            done = by_state_sync(home, asyncio.run(look_up(from_)))
        else:
            done = asyncio.run(by_replay(home))
    except RebuildError as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json({"home": str(home), "set_aside": str(done.folder), "replays_to": done.replays_to})
        return
    typer.echo(f"set aside in {done.folder}; remove it once the node is well")
    if done.replays_to:
        typer.echo(f"start the node now: it executes blocks 1 to {done.replays_to} anew before it goes on")
    else:
        typer.echo("start the node now: it fetches a snapshot from the others before it goes on")
