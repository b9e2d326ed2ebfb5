"""A message from plain data (of YAML, JSON or options), with every mistake found at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from node.messages.meaning import Meaning, meaning_of, unit_of
from node.messages.names import Names, read_address, read_hexadecimal, read_holder, read_public_key
from node.messages.schema import FieldOf, fields_of, short_names
from wire.codec import MAX_INT64, MAX_UINT, MIN_INT64

Path = tuple[str | int, ...]


class Mistake(NamedTuple):
    """One thing that is wrong: the field's place inside the data, the value found there, the way out."""

    path: Path
    value: Any
    way_out: str


class WrongValueError(ValueError):
    """A value that its field can't take; the text is the way out."""


def did_you_mean(name: str, known: list[str]) -> str:
    """The way out for an unknown name: the one that was probably meant, and all there are."""
    close = get_close_matches(name, known, 1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"{guess}give one of {', '.join(known)}" if known else f"{guess}there are none"


def read_message(cls: type[Any], data: Any, names: Names, path: Path = ()) -> tuple[Any, list[Mistake]]:
    """A message of type ``cls`` and what is wrong with the data; with mistakes, the message is of no use.

    Fields that are left out have their default. Bytes are given by name or in hexadecimal, enum values by short name;
    null leaves a nested message out.
    """
    if not isinstance(data, Mapping):
        return cls(), [Mistake(path, data, f"give the fields of {cls.__name__}, as a mapping")]
    known = {field.name: field for field in fields_of(cls)}
    mistakes: list[Mistake] = []
    values: dict[str, Any] = {}
    for name, value in data.items():
        field = known.get(name)
        if field is None:
            mistakes.append(Mistake((*path, name), value, f"no such field; {did_you_mean(str(name), list(known))}"))
            continue
        values[name], wrong = _field(cls, field, value, names, (*path, name))
        mistakes += wrong
    return (cls() if mistakes else cls(**values)), mistakes


def _field(cls: type[Any], field: FieldOf, value: Any, names: Names, path: Path) -> tuple[Any, list[Mistake]]:
    if not field.spec.repeated:
        return _value(cls, field, value, names, path)
    if not isinstance(value, list | tuple):
        return None, [Mistake(path, value, "give a list")]
    found, mistakes = [], []
    for index, item in enumerate(value):
        one, wrong = _value(cls, field, item, names, (*path, index))
        found.append(one)
        mistakes += wrong
    return tuple(found), mistakes


def _value(cls: type[Any], field: FieldOf, value: Any, names: Names, path: Path) -> tuple[Any, list[Mistake]]:
    if field.spec.kind == "message":
        if value is None and not field.spec.repeated:
            return None, []
        return read_message(field.spec.type, value, names, path)
    try:
        return read_scalar(cls, field, value, names), []
    except WrongValueError as wrong:
        return None, [Mistake(path, value, str(wrong))]


def read_scalar(cls: type[Any], field: FieldOf, value: Any, names: Names) -> Any:
    """One value of a field that is no message. Raises: WrongValueError."""
    match field.spec.kind:
        case "uint":
            return _integer(field, value, 0, MAX_UINT)
        case "sint":
            return _integer(field, value, MIN_INT64, MAX_INT64)
        case "flag":
            if not isinstance(value, bool):
                raise WrongValueError("give true or false")
            return value
        case "text":
            if not isinstance(value, str):
                raise WrongValueError("give a text; put digits and true or false in quotes")
            return value
        case "enum":
            members = short_names(field.spec.type)
            if not isinstance(value, str) or value not in members:
                raise WrongValueError(did_you_mean(str(value), list(members)))
            return members[value]
        case _:
            return _bytes(cls, field, value, names)


def _integer(field: FieldOf, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        unit = unit_of(field.name)
        raise WrongValueError(f"give a whole number{f' ({unit})' if unit else ''} from {least} to {most}")
    return value


def _bytes(cls: type[Any], field: FieldOf, value: Any, names: Names) -> bytes:
    if not isinstance(value, str):
        raise WrongValueError("give a name or hexadecimal digits, in quotes if they are all digits")
    try:
        match meaning_of(cls, field):
            case Meaning.ADDRESS:
                return read_address(value, names)
            case Meaning.HOLDER:
                return read_holder(value, names)
            case Meaning.PUBLIC_KEY:
                return read_public_key(value, names)
            case _:
                return read_hexadecimal(value)
    except ValueError as error:
        raise WrongValueError(str(error)) from None
