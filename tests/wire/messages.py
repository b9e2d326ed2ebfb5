"""All message types of wire beside their protobuf classes, and random values of them."""

from __future__ import annotations

from enum import IntEnum
from importlib import import_module
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st

from wire import tx
from wire.codec import MAX_INT64, MAX_UINT, MIN_INT64
from wire.events import MODULES
from wire.fields import Field, OneOf

MODULE_NAMES = [module.__name__.removeprefix("wire.") for module in (*MODULES, tx)]


def message_types() -> list[type[Any]]:
    """Every NamedTuple of wire that is encoded, in order of module and name."""
    found = []
    for module in (*MODULES, tx):
        for _, value in sorted(vars(module).items()):
            if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "_fields"):
                found.append(value)
    return found


def proto_module(name: str) -> Any:
    """The generated module of one of MODULE_NAMES."""
    return import_module(f"wire.gen.vdg.{name}.v1.{name}_pb2")


def proto_class(type_: type[Any]) -> Any:
    """The protobuf class of a message type."""
    return getattr(proto_module(type_.__module__.removeprefix("wire.")), type_.__name__)


def specs(type_: Any) -> dict[str, Field | OneOf]:
    """How each field of a message type is encoded."""
    hints = get_type_hints(type_, include_extras=True)
    return {
        name: next(spec for spec in get_args(hints[name])[1:] if isinstance(spec, Field | OneOf))
        for name in type_._fields
    }


def _values(spec: Field) -> st.SearchStrategy[Any]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "uint": st.one_of(st.integers(0, 300), st.integers(0, MAX_UINT)),
        "sint": st.one_of(st.integers(-300, 300), st.integers(MIN_INT64, MAX_INT64)),
        "flag": st.booleans(),
        "raw": st.binary(max_size=40),
        "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    }
    if spec.kind == "enum":
        return st.sampled_from(list(spec.type))
    if spec.kind == "message":
        return messages(spec.type)
    return kinds[spec.kind]


def messages(type_: Any) -> st.SearchStrategy[Any]:
    """Random values of a message type."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for name, spec in specs(type_).items():
        if isinstance(spec, OneOf):
            fields[name] = st.one_of([messages(option) for _, option in spec.types])
        elif spec.repeated:
            fields[name] = st.lists(_values(spec), max_size=4).map(tuple)
        elif spec.kind == "message":
            fields[name] = st.none() | _values(spec)
        else:
            fields[name] = _values(spec)
    return st.builds(type_, **fields)


def to_proto(message: Any) -> Any:
    """The same value as a protobuf object."""
    proto = proto_class(type(message))()
    for name, spec in specs(type(message)).items():
        value = getattr(message, name)
        if isinstance(spec, OneOf):
            number = next(number for number, type_ in spec.types if type_ is type(value))
            field = proto.DESCRIPTOR.fields_by_number[number].name
            getattr(proto, field).CopyFrom(to_proto(value))
        elif spec.repeated and spec.kind == "message":
            getattr(proto, name).extend(to_proto(part) for part in value)
        elif spec.repeated:
            getattr(proto, name).extend(int(v) if isinstance(v, IntEnum) else v for v in value)
        elif spec.kind == "message":
            if value is not None:
                getattr(proto, name).CopyFrom(to_proto(value))
        else:
            setattr(proto, name, int(value) if isinstance(value, IntEnum) else value)
    return proto
