"""Which node a command is about, and which others it may ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from node.cli.exits import CommandError, Exit

HomeOption = Annotated[
    Path, typer.Option("--home", help="The node's folder, which has config/ and data/: run/localnet/validator0.")
]


def must_be_a_node(home: Path) -> None:
    """Raises: CommandError for a folder that has no node's settings; where it holds a node, with its name."""
    if not (home / "config").is_dir():
        right = f"--home {inner}" if (inner := node_inside(home)) else "one as run/localnet/validator0"
        text = f"{home} is no home of a node, which has config/ and data/: give {right}"
        raise CommandError(text, Exit.BAD_INPUT)


def node_inside(home: Path) -> Path | None:
    """The home of the node that a folder of `vdg node join` holds."""
    from node.localnet.joining import NAME

    inner = home / NAME
    return inner if (inner / "config").is_dir() and not (home / "config").exists() else None


def must_be_several(urls: Sequence[str]) -> None:
    """Raises: CommandError for nodes that one party may be behind: fewer than two."""
    if len(set(urls)) < 2:
        text = f"--from = {urls[0]}: state sync needs two nodes, so that one can't deceive; give it twice"
        raise CommandError(text, Exit.BAD_INPUT)
