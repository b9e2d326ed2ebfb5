"""How a command ends whose configuration, or the agent's file, can't be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from clients.common.configuration import ConfigurationError

EXIT_BAD_INPUT = 2


@contextmanager
def refusals() -> Iterator[None]:
    """One message on standard error, exit code 2."""
    try:
        yield
    except ConfigurationError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    except sqlite3.Error as error:
        typer.echo(f"error: {error}; if the file is an older version's, start its agent once", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
