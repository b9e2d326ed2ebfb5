"""Options of a command from the fields of a message, and the message from the options that were given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from node.cli.exits import CommandError, Exit
from node.messages.meaning import Meaning, meaning_of, unit_of
from node.messages.names import Names
from node.messages.reading import Mistake, read_message
from node.messages.schema import FieldOf, choice_in, fields_of, short_names
from wire.strict_json import BadJson, read_json

_BYTES_SHOWN = {
    Meaning.ADDRESS: "ADDRESS",
    Meaning.HOLDER: "HOLDER",
    Meaning.PUBLIC_KEY: "PUBLIC_KEY",
    Meaning.SIGNATURE: "HEX",
    Meaning.BYTES: "HEX",
}


def command_for(cls: type[Any], shared: Callable[..., None], chosen: FieldOf | None = None) -> Callable[..., None]:
    """A command with an option for every field of a message, besides the options of ``shared``.

    ``shared`` is called with its own options, and with ``fields``: what was given, ready for ``message_from``.
    ``chosen`` is what the message's choice (see ``choice_in``) is, with options for its fields.
    """
    own = _parameters(cls, chosen)
    signature = inspect.signature(shared, eval_str=True)
    common = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name != "fields"
    ]
    taken = {parameter.name for parameter in common}
    clashes = [parameter.name for parameter in own if parameter.name in taken]
    if clashes:
        raise ValueError(f"{cls.__name__}: fields {clashes} have the names of options of every command")

    def command(**options: Any) -> None:
        fields = {parameter.name: options.pop(parameter.name) for parameter in own}
        shared(fields=fields, **options)

    parameters = [*own, *common]
    made: Any = command
    made.__signature__ = inspect.Signature(parameters)
    made.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = cls.__doc__ if chosen is None else chosen.spec.type.__doc__
    return command


def _parameters(cls: type[Any], chosen: FieldOf | None = None) -> list[inspect.Parameter]:
    """One option a field; a field that is a message gives options for that message's fields instead."""
    parameters: list[inspect.Parameter] = []
    for field in fields_of(cls):
        if chosen is not None and field == choice_in(cls):
            parameters += _parameters(chosen.spec.type)
        elif field.spec.kind == "message" and not field.spec.repeated:
            parameters += _parameters(field.spec.type)
        else:
            parameters.append(_parameter(cls, field))
    return parameters


def _parameter(cls: type[Any], field: FieldOf) -> inspect.Parameter:
    kind, type_, metavar, text = field.spec.kind, str, None, unit_of(field.name)
    value: Any = type_
    if kind in ("uint", "sint"):
        value = int
    elif kind == "flag":
        value = bool
    elif kind == "enum":
        value = _choices(field)
    elif kind == "message":
        metavar, text = "JSON", f"An object with {', '.join(inner.name for inner in fields_of(field.spec.type))}"
    elif kind == "raw":
        metavar = _BYTES_SHOWN[meaning_of(cls, field)]
        text = "An account, validator_pool, reward_pool:<vdg> or issuance" if metavar == "HOLDER" else ""
    if field.spec.repeated:
        value, text = list[value], f"{text}; repeat it for more." if text else "Repeat it for more."
    option = typer.Option(f"--{field.name.replace('_', '-')}", metavar=metavar, help=text or None)
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[value | None, option]
    )


def _choices(field: FieldOf) -> Any:
    # Through Any: the members are known at run time only.
    make: Any = StrEnum
    return make(field.spec.type.__name__, {name.upper(): name for name in short_names(field.spec.type)})


def message_from(cls: type[Any], given: Mapping[str, Any], names: Names, chosen: FieldOf | None = None) -> Any:
    """The message that the options of ``command_for`` make; those left out are 0, empty or false.

    Raises: CommandError naming every wrong option, its value and the way out.
    """
    mistakes: list[Mistake] = []
    data = _data(cls, given, mistakes, chosen)
    message, wrong = read_message(cls, data, names)
    mistakes += wrong
    if mistakes:
        lines = [f"--{_option(mistake)} {mistake.value!r}: {mistake.way_out}" for mistake in mistakes]
        raise CommandError("\n".join(lines), Exit.BAD_INPUT)
    return message


def _data(
    cls: type[Any], given: Mapping[str, Any], mistakes: list[Mistake], chosen: FieldOf | None = None
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in fields_of(cls):
        if chosen is not None and field == choice_in(cls):
            data[field.name] = {chosen.name: _data(chosen.spec.type, given, mistakes)}
            continue
        if field.spec.kind == "message" and not field.spec.repeated:
            data[field.name] = _data(field.spec.type, given, mistakes)
            continue
        value = given.get(field.name)
        if value is None or value == []:
            continue
        if field.spec.kind == "message":
            value = [_json(field.name, index, text, mistakes) for index, text in enumerate(value)]
        elif field.spec.kind == "enum":
            value = [one.value for one in value] if field.spec.repeated else value.value
        data[field.name] = value
    return data


def _json(name: str, index: int, text: str, mistakes: list[Mistake]) -> Any:
    try:
        return read_json(text)
    except BadJson as error:
        mistakes.append(Mistake((name, index), text, f"{error.reason}: give an object in braces"))
        return {}


def _option(mistake: Mistake) -> str:
    """The option that a mistake is about: the innermost field of the command's own."""
    fields = [part for part in mistake.path if isinstance(part, str)]
    return fields[-1].replace("_", "-")
