"""The entry point of `vdg`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from node.cli.exits import explain
from node.cli.lazy import RootGroup

app = typer.Typer(
    cls=RootGroup,
    no_args_is_help=True,
    # Errors are one line; see `main`.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(version("vdg"))
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Virtual distribution grids: neighbourhoods that trade energy under rules no party can bend.

    Exit codes: 0 done, 1 failed, 2 bad input, 3 cannot reach, 4 refused by the chain, 5 not proved,
    130 interrupted.
    VDG_DEBUG=1 shows where an error came from.
    """


def main() -> None:
    """Run the command line; every expected failure is one line on standard error and an exit code."""
    try:
        app(prog_name="vdg")
    except Exception as error:
        if os.environ.get("VDG_DEBUG") == "1":
            raise
        message, code = explain(error)
        print(f"vdg: {message}", file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    main()
