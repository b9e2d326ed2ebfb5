"""The command ``vdg market clear``."""

from __future__ import annotations

import json
import re
from typing import Annotated

import typer
from rich.console import Console

from abci_app.modules.market.clearing import clear
from node.market_clear.input_error import InputError
from node.market_clear.orders_csv import HEADER, STDIN, read_orders
from node.market_clear.outcome import outcome_of, print_outcome

EXIT_BAD_INPUT = 2

_HEX_BYTES = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})+)")


def clear_command(
    orders: Annotated[
        str,
        typer.Argument(metavar="ORDERS.csv", help=f"Orders under the header {HEADER}; {STDIN} reads standard input."),
    ],
    seed: Annotated[
        str,
        typer.Option(
            metavar="HEX", help="Decides between equal prices; on the chain, the app hash of the block before."
        ),
    ] = "00" * 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Clear a book of orders, by the very code that consensus runs. Needs no chain.

    Exit code 2 means that the input has errors: all are listed on standard error.
    """
    hex_bytes = _HEX_BYTES.fullmatch(seed)
    book = read_orders(orders)
    errors = list(book.errors)
    if hex_bytes is None:
        way_out = "give two hexadecimal digits per byte, usually 64"
        errors.insert(0, InputError(None, "--seed", seed, "is not a string of whole bytes in hexadecimal", way_out))
    if errors or hex_bytes is None:
        for error in errors:
            typer.echo(error.as_text("standard input" if orders == STDIN else orders), err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [error._asdict() for error in errors]}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT)

    clearing = clear(book.bids, book.asks, bytes.fromhex(hex_bytes[1]))
    if as_json:
        typer.echo(json.dumps(outcome_of(clearing), indent=2))
    else:
        print_outcome(clearing, Console())
