"""The page of the genesis document, from its pydantic models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from abci_app.genesis import Genesis
from node.reference.fields import MADE, described
from node.reference.genesis_example import example_json
from node.reference.genesis_meanings import MEANINGS

_INTRODUCTION = """# The genesis document

What a chain starts from: `app_state` of CometBFT's `genesis.json`, one JSON object. It is validated whole before
anything is written, every error is reported at once with field, value and way out, and unknown fields are errors.
Everything has a default but what only you can know; `{}` is a valid document of a chain that nobody can use.

`vdg localnet up --app-state FILE.json` starts a chain from such a file, of UTF-8 text in which no name stands twice in
an object; `genesis:` of a [scenario](scenarios.md) takes the same fields. Amounts are whole numbers with the unit in
the field's name.
"""

# What the checks of the models' own field types ask for.
_CHECKED = {
    "_address": "address, 40 hexadecimal digits",
    "_public_key": "Ed25519 public key, 64 hexadecimal digits",
    "_role": "role",
}
_NAME_PATTERN = "^[a-z0-9]"
_MAX_INT64 = (1 << 63) - 1


def genesis_page() -> str:
    """The page's text."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield MADE
    yield ""
    yield _INTRODUCTION
    for model in models():
        yield f"## {model.__name__}"
        yield ""
        yield described(model)
        yield ""
        if model.model_fields:
            yield "| field | type | default | meaning |"
            yield "|---|---|---|---|"
            for name, field in model.model_fields.items():
                meaning = MEANINGS[model.__name__][name]
                yield f"| `{name}` | {_type(model, name, field)} | {_default(field)} | {meaning} |"
            yield ""
    yield "## A complete example"
    yield ""
    yield "One VDG with two households, as a file: [genesis.example.json](genesis.example.json). The keys follow from"
    yield "names, as those of scenario files do: replace them by your own (`vdg keys new`)."
    yield ""
    yield "```json"
    yield example_json().rstrip()
    yield "```"


def models() -> list[type[BaseModel]]:
    """The models of the document, each before those inside it."""
    found: list[type[BaseModel]] = []
    waiting: list[type[BaseModel]] = [Genesis]
    while waiting:
        model = waiting.pop(0)
        if model in found:
            continue
        found.append(model)
        inner = [_model_in(field.annotation) for field in model.model_fields.values()]
        waiting = [one for one in inner if one is not None] + waiting
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)


def _type(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    """A field's type and bounds in words."""
    inner = _model_in(field.annotation)
    if inner is not None:
        link = f"[{inner.__name__}](#{inner.__name__.lower()})"
        return f"list: {link}" if get_args(field.annotation) else link
    schema = model.model_json_schema()["properties"][name]
    checked = next((_CHECKED[check] for check in _checks(field) if check in _CHECKED), None)
    if schema.get("type") == "array":
        return f"list{_count(schema)}: {checked or _scalar(schema['items'])}"
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    return checked or _scalar(schema)


def _checks(field: FieldInfo) -> Iterator[str]:
    """The names of the checks on a field, or on what it is a list or an alternative of."""
    for item in field.metadata:
        if isinstance(item, AfterValidator):
            yield getattr(item.func, "__name__", "")
    yield from _checks_in(field.annotation)


def _checks_in(annotation: Any) -> Iterator[str]:
    for item in getattr(annotation, "__metadata__", ()):
        if isinstance(item, AfterValidator):
            yield getattr(item.func, "__name__", "")
    for part in get_args(annotation):
        yield from _checks_in(part)


def _scalar(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "integer":
        most = schema["maximum"]
        return f"whole number from {schema['minimum']:,} to {'2^63 - 1' if most == _MAX_INT64 else f'{most:,}'}"
    pattern = schema.get("pattern")
    if pattern:
        letters = "a-z" if pattern.startswith(_NAME_PATTERN) else "A-Z a-z"
        return f"name: 1 to 64 of {letters} 0-9 . _ -, a letter or digit first"
    return f"text of at most {schema['maxLength']} characters" if "maxLength" in schema else "text"


def _count(schema: dict[str, Any]) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least and most:
        return f" of {least} to {most}"
    return f" of {least} or more" if least else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "absent"
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, list):
        return _default_list(value)
    return f"`{json.dumps(value)}`"


def _default_list(values: list[Any]) -> str:
    if not values:
        return "none"
    if not isinstance(values[0], BaseModel):
        return ", ".join(f"`{value}`" for value in values)
    shown = [json.dumps(value.model_dump(exclude_defaults=True), separators=(", ", ": ")) for value in values]
    return "<br>".join(f"`{text}`" for text in shown)
