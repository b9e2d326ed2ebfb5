"""The command ``vdg home why``: why homes bought, sold, or did not trade in a slot."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from clients.common.configuration import read_configuration
from clients.household.configuration import HouseholdConfiguration
from clients.household.refusing import refusals
from clients.household.status import chosen_homes
from clients.household.why.lookup import Clearings, read_clearings, remembered
from clients.household.why.output import print_known, record_of
from wire.unverified import Unverified

EXIT_NOTHING_KNOWN = 1


def why_command(
    slot: Annotated[int, typer.Argument(min=0, help="Number of the slot.")],
    config: Annotated[Path, typer.Option("--config", help="The agents' YAML file.")],
    home: Annotated[str, typer.Option(help="Only this home. [default: all of the file]")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Say why homes bought, sold, or did not trade in a slot.

    From what the agent kept (forecast, plan, order, contracts, settlement) and the chain's clearing records, which are
    proved under the validators' signatures. Exit code 1: nothing is known of the slot, and why; 2: bad input.
    """
    try:
        with refusals():
            configuration = read_configuration(config, HouseholdConfiguration)
            known = remembered(configuration, chosen_homes(configuration, home), slot)
            clearings = Clearings({}, {}, False, "")
            if any(one.decided for one in known):
                clearings = asyncio.run(read_clearings(configuration, known))
    except Unverified as error:
        typer.echo(f"error: the gateway is not believed: {error}", err=True)
        raise typer.Exit(EXIT_NOTHING_KNOWN) from None
    if as_json:
        typer.echo(json.dumps([record_of(one, clearings) for one in known], indent=2))
    else:
        for one in known:
            print_known(one, clearings)
        if clearings.note:
            typer.echo(f"note: {clearings.note}", err=True)
    if all(one.missing for one in known):
        raise typer.Exit(EXIT_NOTHING_KNOWN)
