"""The page of all events."""

from __future__ import annotations

from collections.abc import Iterator

from node.messages.schema import EVENTS, module_of
from node.reference.fields import MADE, described, field_table, nested_sections

_INTRODUCTION = """# Events

What the chain reports of each block: first of its due work (books that clear, slots that settle, validators that are
paid), then of its transactions in their order. A refused transaction has no events, but for `equivocation_recorded`.
The gateway streams them with cursors; their full names are `vdg.<module>.v1.<Name>`, as in `proto/vdg`. From them alone
a reader can rebuild orders, books, contracts, balances and settlements.
"""


def events_page() -> str:
    """The page's text."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield MADE
    yield ""
    yield _INTRODUCTION
    module = ""
    for name, cls in EVENTS.items():
        if module_of(cls) != module:
            module = module_of(cls)
            yield f"## Module {module}"
            yield ""
        yield f"### {name}"
        yield ""
        yield f"`vdg.{module}.v1.{cls.__name__}`: {described(cls).removeprefix('Event: ')}"
        yield ""
        yield from field_table(cls)
        yield ""
    yield "## Messages inside these"
    yield ""
    yield from nested_sections(EVENTS.values())
