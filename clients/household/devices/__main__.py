"""``python -m clients.household.devices``: watch a home's devices."""

from __future__ import annotations

import typer

from clients.household.devices.command import main

if __name__ == "__main__":
    typer.run(main)
