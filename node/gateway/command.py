"""The command `vdg gateway`."""

from __future__ import annotations

import asyncio
import os
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from node.gateway.configuration import (
    Configuration,
    ConfigurationError,
    load_configuration,
    parse_configuration,
)
from node.gateway.log_lines import log_as_json
from node.gateway.server import Gateway

EXIT_BAD_INPUT = 2


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def gateway_command(
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings in YAML; config/gateway.yaml is a sample.")
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="URL", help="A CometBFT RPC address; repeat it for nodes that stand in."),
    ] = None,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="Where to serve; port 0 takes a free one.")
    ] = None,
    address_file: Annotated[
        Path | None, typer.Option("--address-file", help="Write the address here once the gateway listens.")
    ] = None,
    log_level: Annotated[Level, typer.Option("--log-level", help="How much is logged.")] = Level.INFO,
) -> None:
    """Serve gRPC in front of CometBFT nodes until interrupted; prints the address that it listens on.

    Options given here replace those of the settings file.
    """
    log_as_json(log_level)
    try:
        configuration = settings(config, node or [], listen)
        # Only here: uvloop is a matter of the process, not of the gateway.
        uvloop.run(serve(configuration, address_file))
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None


def settings(config: Path | None, nodes: list[str], listen: str | None) -> Configuration:
    """The file's settings with the command line's in their place.

    Raises:
        ConfigurationError: with all errors at once.
    """
    base = load_configuration(config) if config is not None else Configuration()
    replaced: dict[str, Any] = {}
    if nodes:
        replaced["nodes"] = nodes
    if listen is not None:
        replaced["listen"] = listen
    return parse_configuration(base.model_dump() | replaced, "command line")


async def serve(configuration: Configuration, address_file: Path | None) -> None:
    """Run a gateway until SIGTERM or SIGINT."""
    gateway = Gateway(configuration)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        address = await gateway.start()
        if address_file is not None:
            write_whole(address_file, address)
        typer.echo(address)
        waiting = [asyncio.create_task(ended.wait()), asyncio.create_task(gateway.wait())]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await gateway.stop()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever finds it finds all of it."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text)
    os.replace(new, path)
