"""`vdg query`: a command for every query, made from the wire types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from clients.common.chain import Chain
from clients.common.trust import TrustSection
from node.cli.access import GatewayOptions, KeyFolder, KeysOption, TimeoutOption
from node.cli.exits import CommandError, Exit
from node.cli.option_group import with_groups
from node.cli.options import command_for, message_from
from node.cli.output import JsonOption, print_json
from node.cli.proving import prove, tell_written, write_file
from node.cli.tables import print_message
from node.cli.trusting import TrustOptions
from node.messages.names import NoNames
from node.messages.schema import QUERIES, Query, fields_of
from node.messages.showing import plain
from wire.receipts import ITEM
from wire.verifiable import item_of

app = typer.Typer(no_args_is_help=True, help="Ask the chain: one command a query, by module.")

VerifyOption = Annotated[
    bool, typer.Option("--verify", help="Believe nothing but what is proved to follow from a signed header.")
]
ProveOption = Annotated[bool, typer.Option("--prove", help="Write the proof of the item asked for to --out.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write the proof.")]


def _asker_of(query: Query) -> Any:
    @with_groups
    def ask(
        fields: dict[str, Any],
        gateway: GatewayOptions,
        *,
        as_json: JsonOption = False,
        timeout: TimeoutOption = 30.0,
        keys: KeysOption = None,
        verify: VerifyOption = False,
        prove_it: ProveOption = False,
        out: OutOption = None,
        trusted: TrustOptions,
    ) -> None:
        if prove_it != (out is not None):
            raise CommandError("--prove, --out: give both, or neither", Exit.BAD_INPUT)
        request = message_from(query.request, fields, KeyFolder(keys))
        if not (verify or prove_it):
            response = gateway.run(timeout, lambda chain: answer_of(chain, request, timeout))
        else:
            trust = trusted.section()
            if out is not None:
                items = [item_of(request)]
                file = gateway.run(timeout, lambda chain: prove(chain, trust, items, ITEM, timeout))
                tell_written(out, file, write_file(out, file), as_json)
                return
            response = gateway.run(timeout, lambda chain: verified_answer(chain, trust, request, timeout))
        shown = plain(response, NoNames())
        if as_json:
            print_json(shown)
        else:
            print_message(shown, Console())

    return ask


async def verified_answer(chain: Chain, trust: TrustSection, request: Any, timeout_seconds: float) -> Any:
    """The response, made of proved values alone. Raises: Unverified, GatewayError, Unavailable."""
    reads = await chain.verified(trust)
    return await reads.ask(request, patience_seconds=timeout_seconds)


async def answer_of(chain: Chain, request: Any, timeout_seconds: float) -> Any:
    """The response. Of a paged query all pages as one, unless a page or a limit was asked for.

    Raises: GatewayError, Unavailable.
    """
    paged = "page_token" in request._fields
    if not paged or request.page_token or request.limit:
        return await chain.query(request, patience_seconds=timeout_seconds)
    pages = [page async for page in chain.pages(request)]
    (field,) = (field.name for field in fields_of(type(pages[0])) if field.spec.repeated)
    whole = tuple(item for page in pages for item in getattr(page, field))
    return pages[-1]._replace(**{field: whole})


def _add_commands() -> None:
    groups: dict[str, typer.Typer] = {}
    for query in QUERIES.values():
        if query.module not in groups:
            groups[query.module] = typer.Typer(no_args_is_help=True, help=f"Queries of module {query.module}.")
            app.add_typer(groups[query.module], name=query.module)
        groups[query.module].command(query.command)(command_for(query.request, _asker_of(query)))


_add_commands()
