"""The commands ``vdg grid solve``, ``vdg grid networks`` and ``vdg grid export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.common.grid import shipped
from clients.common.grid.fault import BadNetwork, Fault
from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.grid import Grid
from clients.common.grid.network import Network
from clients.common.grid.opening import open_network
from clients.common.grid.pandapower_file import write
from node.grid_solve.flows_csv import HEADER, STDIN, read_flows
from node.grid_solve.outcome import outcome_of, print_outcome

EXIT_FAILURE = 1
EXIT_BAD_INPUT = 2

NetworkArgument = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A shipped network (vdg grid networks) or a pandapower JSON file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def solve_command(
    network: NetworkArgument,
    flows: Annotated[
        str,
        typer.Argument(
            metavar="FLOWS.csv",
            help=f"What homes take, under the header {HEADER}; {STDIN} reads standard input.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Solve one moment of a network: voltages, currents, unbalance, losses. Needs no chain.

    Power is positive when taken from the grid; homes left out take nothing.
    Exit code 1 means that the network can't carry the flows, 2 that the input has errors: all are listed on
    standard error.
    """
    found, faults = _open(network)
    file = read_flows(flows, None if found is None else {home.id for home in found.homes})
    if found is None or file.errors:
        source = "standard input" if flows == STDIN else flows
        for fault in faults:
            typer.echo(fault.as_text(network), err=True)
        for error in file.errors:
            typer.echo(error.as_text(source), err=True)
        if as_json:
            errors = [fault._asdict() for fault in faults] + [error._asdict() for error in file.errors]
            typer.echo(json.dumps({"errors": errors}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT)
    taken = [file.flows.get(home.id, (0.0, 0.0)) for home in found.homes]
    solution = Grid(found).solve([[p_w for p_w, _ in taken]], [[q_var for _, q_var in taken]])
    if solution.failures:
        for failure in solution.failures:
            typer.echo(failure.as_text(), err=True)
        if as_json:
            typer.echo(json.dumps({"failures": [failure._asdict() for failure in solution.failures]}, indent=2))
        raise typer.Exit(EXIT_FAILURE)
    if as_json:
        typer.echo(json.dumps(outcome_of(solution), indent=2))
    else:
        print_outcome(solution, Console())


def networks_command(
    network: Annotated[
        str | None, typer.Argument(metavar="[NETWORK]", help="Show this one's homes instead of all networks.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the networks that come with vdg, or the homes of one network.

    Exit code 2 means that the network can't be used; every reason is listed on standard error.
    """
    if network is None:
        _print_networks(as_json)
        return
    found, faults = _open(network)
    if found is None:
        for fault in faults:
            typer.echo(fault.as_text(network), err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [fault._asdict() for fault in faults]}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT)
    _print_homes(found, as_json)


def export_command(
    network: NetworkArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="The file to write; it must not exist.")],
    as_json: JsonOption = False,
) -> None:
    """Write a network as a pandapower JSON file, to look at, change and solve elsewhere or here.

    Exit code 2 means that the network can't be used or that the file can't be written.
    """
    found, faults = _open(network)
    if found is None:
        for fault in faults:
            typer.echo(fault.as_text(network), err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [fault._asdict() for fault in faults]}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT)
    try:
        with file.open("x") as opened:
            opened.write(write(found))
    except OSError as error:
        typer.echo(f"{file}: can't be written ({error.strerror}); name a new file in a folder that is there", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    if as_json:
        typer.echo(json.dumps({"file": str(file)} | _summary(found), indent=2))


def _open(network: str) -> tuple[Network | None, list[Fault]]:
    """The network of that name or file, or else what is wrong with it."""
    try:
        return open_network(network), []
    except BadNetwork as bad:
        return None, bad.faults


def _print_networks(as_json: bool) -> None:
    descriptions = shipped.descriptions()
    if as_json:
        records = [{"network": name, "description": text} for name, text in descriptions.items()]
        typer.echo(json.dumps(records, indent=2))
        return
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("network", no_wrap=True)
    table.add_column("what it is")
    for name, text in descriptions.items():
        table.add_row(name, text)
    Console().print(table)


def _summary(network: Network) -> dict[str, Any]:
    return {
        "network": network.name,
        "homes": len(network.homes),
        "buses": len(network.buses),
        "lines": len(network.lines),
        "transformer_va": network.transformer.rating_va,
        "nominal_v": network.nominal_v,
        "description": network.description,
    }


def _print_homes(network: Network, as_json: bool) -> None:
    feeders = feeder_of_bus(network)
    homes = [
        {"household": home.id, "bus": home.bus, "phase": home.phase, "feeder": feeders[home.bus]}
        for home in network.homes
    ]
    if as_json:
        typer.echo(json.dumps({**_summary(network), "households": homes}, indent=2))
        return
    table = Table("household", "bus", "phase", "feeder", box=box.SIMPLE_HEAD)
    for home in homes:
        table.add_row(*(Text(value) for value in home.values()))
    Console().print(table)
