"""The options that say which chain's past a command reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node.cli.exits import CommandError, Exit

RpcOption = Annotated[
    str | None, typer.Option("--rpc", metavar="URL", help="JSON-RPC of a running node, as http://127.0.0.1:26657.")
]
HomeOption = Annotated[Path | None, typer.Option("--home", help="The folder of a stopped node: config/ and data/.")]
UntilOption = Annotated[int | None, typer.Option("--until", min=1, metavar="HEIGHT", help="Stop after this block.")]


def input_error(rpc: str | None, home: Path | None) -> None:
    """Refuse neither and both. Raises: CommandError."""
    if (rpc is None) == (home is None):
        raise CommandError("give either --rpc URL of a running node or --home DIR of a stopped one", Exit.BAD_INPUT)
