"""The commands `vdg dso signer | run | pki | status | limits`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.common.json_file import STDIN
from clients.dso.__main__ import run as run_daemon
from clients.dso.grid_chain import NO_CAP_WH
from clients.dso.pki import PkiError, make_pki
from clients.dso.signer.__main__ import run as run_signer
from clients.dso.status import StatusError, read_status

EXIT_REFUSED = 2
EXIT_NOT_RUNNING = 3

app = typer.Typer(no_args_is_help=True, help="The DSO's services: signing, meters, proofs of flow, rebates.")

Configuration = Annotated[Path, typer.Argument(help="The YAML file.", metavar="FILE")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("signer")
def signer_command(
    configuration: Configuration,
    init: Annotated[
        bool,
        typer.Option("--init", help="Make the record and, if missing, the keystore; print the public key; end."),
    ] = False,
) -> None:
    """Run the signing service (config/signer.yaml is a sample) until SIGTERM or Ctrl-C."""
    raise typer.Exit(run_signer(configuration, init=init))


@app.command("run")
def run_command(configuration: Configuration) -> None:
    """Run the daemon of one grid (config/dso.yaml is a sample) until SIGTERM or Ctrl-C."""
    raise typer.Exit(run_daemon(configuration))


@app.command("pki")
def pki_command(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if missing.", metavar="FOLDER")],
    server: Annotated[
        list[str] | None,
        typer.Option("--server", help="A host name or IP address of the service (localhost, 127.0.0.1); repeatable."),
    ] = None,
    client: Annotated[list[str] | None, typer.Option("--client", help="A client's name (dso); repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """Make a certificate authority, a server certificate and client certificates for development and trials."""
    try:
        paths = make_pki(folder, server or ["localhost", "127.0.0.1"], client or ["dso"])
    except (PkiError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    if as_json:
        typer.echo(json.dumps({"files": [str(path) for path in paths]}, indent=2))
    else:
        for path in paths:
            typer.echo(path)


@app.command("status")
def status_command(
    status_file: Annotated[Path, typer.Argument(help="The daemon's status_file.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Tell how a daemon is doing. Exit code 3: it isn't running (or hangs)."""
    try:
        status = read_status(status_file)
    except StatusError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    if as_json:
        typer.echo(json.dumps(status, indent=2))
    else:
        for line in describe(status):
            typer.echo(line)
    if not status["running"]:
        raise typer.Exit(EXIT_NOT_RUNNING)


@app.command("limits")
def limits_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help=f"A network and a slot's flows; {STDIN} reads standard input.")
    ],
    as_json: Json = False,
) -> None:
    """Say what a slot's plan does to a network: whether control starts, what each PCC may draw, which caps are enough.

    Needs no chain; docs/dso.md describes the file. Exit code 2 means that it has errors: all are listed.
    """
    # Loading what solves grids takes a second, which the other commands needn't spend.
    from clients.dso.monitor.limits_command import show_limits

    show_limits(file, as_json)


def describe(status: dict[str, Any]) -> list[str]:
    """A status as lines of text."""
    running = f"running (pid {status['pid']})" if status["running"] else "not running"
    proofs = ", ".join(f"{count} {state}" for state, count in sorted(status["proofs"].items())) or "none"
    findings = ", ".join(f"{count} {kind}" for kind, count in sorted(status["findings"].items())) or "none"
    lines = [
        f"daemon     {running}, vdg {status['vdg']} of chain {status['chain_id']}, slot {status['slot']}",
        f"meters     {status['members']} members, {status['readings_stored']} readings stored,"
        f" {status['messages_refused']} messages refused, broker"
        f" {'connected' if status['broker_connected'] else 'not connected'}",
        *_missing(status),
        f"proofs     {proofs}; slots not finished: {len(status['open_slots'])}",
        f"rebates    {_rebates(status['rebates_posted_to_slot'])}",
        *_operation(status),
        f"findings   {findings}",
    ]
    for finding in status["recent_findings"][-5:]:
        slot = "" if finding["slot"] is None else f" slot {finding['slot']}"
        lines.append(f"           {finding['kind']} {finding['meter']}{slot}: {finding['value']}; {finding['way_out']}")
    return lines


def _missing(status: dict[str, Any]) -> list[str]:
    """Readings that were or are missing; nothing when there were none."""
    missing = status.get("readings_missing")
    if missing is None or not any(missing.values()):
        return []
    return [
        f"           readings missing: {missing['missing']} now, {missing['filled']} came when asked for again,"
        f" {missing['lost']} lost"
    ]


def _operation(status: dict[str, Any]) -> list[str]:
    """What a daemon that operates its grid has to tell; nothing from others."""
    lines = []
    if status.get("station") is not None:
        station = status["station"]
        lines.append(
            f"station    {station['readings_stored']} readings stored, {station['messages_refused']} messages refused"
        )
    if status.get("control") is not None:
        lines.append(f"control    {len(status['control'])} sessions of late")
        lines += [
            f"           slot {session['slot']}: {session['why']}; {session['outcome'] or 'ended by the chain'} after"
            f" {session['signals']} signals"
            for session in status["control"][-5:]
        ]
    if status.get("caps") is not None:
        lines.append(f"caps       judged to slot {status['caps']['judged_to_slot']}")
        lines += [
            f"           slot {cap['slot']}: {_cap_text(cap['import_cap_wh'], cap['export_cap_wh'])}; {cap['reason']}"
            for cap in status["caps"]["recent"][-5:]
        ]
    return lines


def _cap_text(import_wh: int, export_wh: int) -> str:
    """Caps of a slot in words."""
    sides = [f"{name} {wh} Wh" for name, wh in (("import", import_wh), ("export", export_wh)) if wh < NO_CAP_WH]
    return "a home's " + " and ".join(sides) if sides else "no cap"


def _rebates(slot: int | None) -> str:
    if slot is None:
        return "not posted by this daemon"
    return f"posted to slot {slot}" if slot >= 0 else "none posted yet"
