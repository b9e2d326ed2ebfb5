"""``python -m clients.household --config FILE``: the command ``vdg household run``."""

from __future__ import annotations

import typer

from clients.household.command import run_command

if __name__ == "__main__":
    typer.run(run_command)
