"""`python -m node.gateway`: the command `vdg gateway`."""

from __future__ import annotations

import typer

from node.gateway.command import gateway_command

if __name__ == "__main__":
    typer.run(gateway_command)
