"""The page of all queries."""

from __future__ import annotations

from collections.abc import Iterator

from node.messages.schema import QUERIES, Query, fields_of
from node.reference.fields import MADE, described, field_table, nested_sections

_INTRODUCTION = """# Queries

What can be asked of the chain, answered from the last committed block. Three ways lead to the same answers:

- `vdg query <module> <query>`, for people (`--json` for programs);
- the gateway's typed gRPC services, `vdg.<module>.v1.<Module>QueryService` in `proto/vdg`, and `Chain.query` of
  `clients/common`;
- CometBFT's `abci_query` with the path given here and the encoded request as data.

Paged answers have at most 1,000 entries; `next_page_token` of an answer is `page_token` of the next request, and empty
at the end. `vdg query` fetches all pages unless `--limit` or `--page-token` is given.
"""


def queries_page() -> str:
    """The page's text."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield MADE
    yield ""
    yield _INTRODUCTION
    module = ""
    for query in QUERIES.values():
        if query.module != module:
            module = query.module
            yield f"## Module {module}"
            yield ""
        yield from _section(query)
    yield "## Messages inside these"
    yield ""
    yield from nested_sections(query.response for query in QUERIES.values())


def _section(query: Query) -> Iterator[str]:
    yield f"### {query.name}"
    yield ""
    yield described(query.request).removeprefix("Query: ").capitalize()
    yield ""
    options = "".join(f" --{field.name.replace('_', '-')} …" for field in fields_of(query.request))
    yield f"`vdg query {query.module} {query.command}{options}`, path `{query.path}`"
    yield ""
    yield "*Request*"
    yield ""
    yield from field_table(query.request)
    yield ""
    yield f"*Response.* {described(query.response)}"
    yield ""
    yield from field_table(query.response)
    yield ""
