"""A message as plain data: what JSON and tables show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from node.messages.meaning import Meaning, meaning_of
from node.messages.names import Names, show_address, show_holder, show_public_key
from node.messages.schema import FieldOf, fields_of, is_choice, short_name

_SHOWN: dict[Meaning, Callable[[bytes, Names], str]] = {
    Meaning.ADDRESS: show_address,
    Meaning.HOLDER: show_holder,
    Meaning.PUBLIC_KEY: show_public_key,
}


def plain(message: Any, names: Names) -> dict[str, Any]:
    """The fields of a message, in order: integers, truth values, texts, lists and further such dicts.

    Accounts and keys stand under their names where they have one, other bytes in hexadecimal, enum values under their
    short names. An absent message is None; of a choice, what was not chosen is left out.
    """
    cls = type(message)
    shown = {field.name: _field(cls, field, getattr(message, field.name), names) for field in fields_of(cls)}
    return {name: value for name, value in shown.items() if value is not None} if is_choice(cls) else shown


def _field(cls: type[Any], field: FieldOf, value: Any, names: Names) -> Any:
    if field.spec.repeated:
        return [_value(cls, field, item, names) for item in value]
    return _value(cls, field, value, names)


def _value(cls: type[Any], field: FieldOf, value: Any, names: Names) -> Any:
    match field.spec.kind:
        case "message":
            return None if value is None else plain(value, names)
        case "enum":
            return short_name(value)
        case "raw":
            show = _SHOWN.get(meaning_of(cls, field))
            return show(value, names) if show and value else value.hex()
        case _:
            return value
