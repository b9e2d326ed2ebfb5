"""`vdg query`: a command for every query, made from the wire types."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console

from clients.common.chain import Chain
from node.cli.access import (
    DEFAULT_GATEWAY,
    CaOption,
    CertificateOption,
    GatewayOption,
    KeyFolder,
    KeysOption,
    TimeoutOption,
    TlsKeyOption,
    run_on_chain,
    tls_of,
)
from node.cli.options import command_for, message_from
from node.cli.output import JsonOption, print_json
from node.cli.tables import print_message
from node.messages.names import NoNames
from node.messages.schema import QUERIES, Query, fields_of
from node.messages.showing import plain

app = typer.Typer(no_args_is_help=True, help="Ask the chain: one command a query, by module.")


def _asker_of(query: Query) -> Any:
    def ask(
        fields: dict[str, Any],
        gateway: GatewayOption = DEFAULT_GATEWAY,
        as_json: JsonOption = False,
        timeout: TimeoutOption = 30.0,
        keys: KeysOption = None,
        tls_ca: CaOption = None,
        tls_certificate: CertificateOption = None,
        tls_key: TlsKeyOption = None,
    ) -> None:
        request = message_from(query.request, fields, KeyFolder(keys))
        tls = tls_of(tls_ca, tls_certificate, tls_key)
        response = run_on_chain(gateway, tls, timeout, lambda chain: answer_of(chain, request, timeout))
        shown = plain(response, NoNames())
        if as_json:
            print_json(shown)
        else:
            print_message(shown, Console())

    return ask


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
