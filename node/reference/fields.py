"""Messages' fields as tables of a page, and the messages that stand inside others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from node.messages.meaning import Meaning, meaning_of, unit_of
from node.messages.schema import FieldOf, fields_of, short_names

_BYTES_TEXT = {
    Meaning.ADDRESS: "address, 20 bytes",
    Meaning.HOLDER: "holder of money",
    Meaning.PUBLIC_KEY: "Ed25519 public key, 32 bytes",
    Meaning.SIGNATURE: "Ed25519 signature, 64 bytes",
    Meaning.BYTES: "bytes",
}
_BY_KIND = {
    "uint": "whole number, 0 or more",
    "sint": "whole number, also negative",
    "flag": "true or false",
    "text": "text",
}


def field_table(cls: type[Any]) -> Iterator[str]:
    """A table of the fields; a sentence when there are none."""
    fields = fields_of(cls)
    if not fields:
        yield "No fields."
        return
    yield "| field | type | unit |"
    yield "|---|---|---|"
    for field in fields:
        yield f"| `{field.name}` | {type_text(cls, field)} | {unit_of(field.name)} |"


def type_text(cls: type[Any], field: FieldOf) -> str:
    """A field's type in words; a message as a link to its section."""
    kind = field.spec.kind
    if kind == "message":
        name = field.spec.type.__name__
        text = f"[{name}](#{name.lower()})"
    elif kind == "enum":
        text = "one of " + ", ".join(f"`{name}`" for name in short_names(field.spec.type))
    elif kind == "raw":
        text = _BYTES_TEXT[meaning_of(cls, field)]
    else:
        text = _BY_KIND[kind]
    return f"list: {text}" if field.spec.repeated else text


def nested(classes: Iterable[type[Any]]) -> list[type[Any]]:
    """The messages inside these, and inside those, each once and in order of name."""
    found: dict[str, type[Any]] = {}
    waiting = list(classes)
    while waiting:
        for field in fields_of(waiting.pop()):
            if field.spec.kind == "message" and field.spec.type.__name__ not in found:
                found[field.spec.type.__name__] = field.spec.type
                waiting.append(field.spec.type)
    return [found[name] for name in sorted(found)]


def nested_sections(classes: Iterable[type[Any]]) -> Iterator[str]:
    """A section for each message inside these."""
    for cls in nested(classes):
        yield f"### {cls.__name__}"
        yield ""
        yield described(cls)
        yield ""
        yield from field_table(cls)
        yield ""


def described(thing: Any) -> str:
    """A docstring as one paragraph of Markdown."""
    text = " ".join((thing.__doc__ or "").split())
    return re.sub(r"``([^`]*)``", r"`\1`", text)


MADE = "<!-- Made by `python -m node.reference`; change the code that it describes, not this page. -->"
