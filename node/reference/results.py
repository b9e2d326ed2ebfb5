"""The page of result codes."""

from __future__ import annotations

from collections.abc import Iterator

from node.messages.schema import snake_case
from node.reference.codes import ENVELOPE, MEANINGS, actions, codes_of
from node.reference.fields import MADE
from wire.results import Code

_INTRODUCTION = """# Result codes

Every transaction in a block has exactly one result. Codes are in order of precedence: where several reasons apply, the
transaction gets the first. Numbers never change their meaning. `vdg tx` ends with exit code 4 and shows the code by
name. [`scenarios/refusals.yaml`](scenarios/refusals.yaml) and its neighbours show each of them at least once.

| code | name | meaning | messages |
|---|---|---|---|"""


def results_page() -> str:
    """The page's text."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield MADE
    yield ""
    yield _INTRODUCTION
    for code in Code:
        yield f"| {int(code)} | `{code.name}` | {MEANINGS[code]} | {_messages(code)} |"


def _messages(code: Code) -> str:
    if code is Code.OK or code in ENVELOPE:
        return "any"
    names = [snake_case(cls.__name__) for cls, action in actions().items() if code in codes_of(action)]
    return ", ".join(f"[`{name}`](transactions.md#{name})" for name in names)
