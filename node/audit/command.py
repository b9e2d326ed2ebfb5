"""The command `vdg audit`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import typer

from node.audit.audit import Audited, audit
from node.audit.totals import totals
from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption, note, print_json
from node.history.command_options import HomeOption, RpcOption, UntilOption, input_error
from node.history.errors import HistoryError
from node.history.source import open_source

_EVERY_SECONDS = 2.0


def audit_command(
    rpc: RpcOption = None,
    home: HomeOption = None,
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute ledger, clearing, settlement and rewards from the transactions with rules of its own, and compare.

    Every result, event and app hash that the node has recorded must agree. Exit code 0 when all do; 1 at the first
    difference, named by height, transaction, account, what was expected and what was found.
    """
    input_error(rpc, home)
    started = time.monotonic()
    try:
        audited = asyncio.run(_run(rpc, home, until))
    except HistoryError as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json(_plain(audited, time.monotonic() - started))
    else:
        typer.echo(_text(audited, time.monotonic() - started))
    if audited.finding is not None:
        raise typer.Exit(Exit.FAILURE)


async def _run(rpc: str | None, home: Path | None, until: int | None) -> Audited:
    noted = time.monotonic()

    def progress(height: int, last: int) -> None:
        nonlocal noted
        if time.monotonic() - noted >= _EVERY_SECONDS:
            noted = time.monotonic()
            note(f"height {height} of {last}")

    async with open_source(rpc, home) as source:
        return await audit(source, until, progress)


def _text(audited: Audited, seconds: float) -> str:
    if audited.finding is not None:
        return str(audited.finding)
    sums = totals(audited.auditor.books)
    return (
        f"{audited.auditor.chain_id}: {audited.blocks} blocks, {audited.transactions} transactions in {seconds:.1f} s: "
        f"all app hashes agree, and all results and events of {audited.results_seen} blocks\n"
        f"{sums['minted_neur']} nEUR minted, as many held ({sums['escrow_neur']} in escrow); "
        f"{sums['owed_neur']} nEUR owed; {sums['certified_wh']} Wh certified, {sums['retired_wh']} of them retired"
    )


def _plain(audited: Audited, seconds: float) -> dict[str, Any]:
    return {
        "chain_id": audited.auditor.chain_id,
        "blocks": audited.blocks,
        "transactions": audited.transactions,
        "blocks_with_results": audited.results_seen,
        "height": audited.height,
        "app_hash": audited.auditor.app_hash.hex(),
        "seconds": round(seconds, 3),
        "totals": totals(audited.auditor.books),
        "finding": None if audited.finding is None else audited.finding._asdict(),
    }
