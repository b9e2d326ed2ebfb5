"""`vdg proof item`: the proof of any item of the state, by its store and key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from node.cli.access import GatewayOptions, TimeoutOption
from node.cli.exits import CommandError, Exit
from node.cli.option_group import with_groups
from node.cli.output import JsonOption
from node.cli.proving import prove, tell_written, write_file
from node.cli.trusting import TrustOptions
from wire.receipts import ITEM
from wire.state_keys import Item

TEXT: Final = "text:"

StoreArgument = Annotated[str, typer.Argument(metavar="STORE", help="The module whose store it is in, as market.")]
KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help=f"Its key, in hexadecimal, or as {TEXT}pintraday where it is text.")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the proof.")]


@with_groups
def item_command(
    store: StoreArgument,
    key: KeyArgument,
    out: OutOption,
    gateway: GatewayOptions,
    trusted: TrustOptions,
    as_json: JsonOption = False,
    timeout: TimeoutOption = 30.0,
) -> None:
    """Write the proof of any one item of the state, or that there is none; docs/proofs.md says how keys are made.

    Exit code 0: written; 3: cannot reach; 5: not proved, with the reason; 2: the options can't be used.
    """
    trust = trusted.section()
    items: list[Item[Any]] = [Item(store, key_bytes(key), tuple)]
    file = gateway.run(timeout, lambda chain: prove(chain, trust, items, ITEM, timeout))
    tell_written(out, file, write_file(out, file), as_json)


def key_bytes(text: str) -> bytes:
    """A key as it is typed. Raises: CommandError."""
    if text.startswith(TEXT):
        return text.removeprefix(TEXT).encode()
    try:
        return bytes.fromhex(text)
    except ValueError:
        way = f"give an even number of hexadecimal digits, or {TEXT} and the key where it is text"
        raise CommandError(f"KEY = {text!r}: {way}", Exit.BAD_INPUT) from None
