"""How the fields of a message are declared: number and kind, as an annotation (see ``wire.codec``)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple, get_args, get_type_hints

# How protobuf tells what stands behind a tag: a number, or a length and so many bytes.
VARINT, BYTES = 0, 2


class Field(NamedTuple):
    """How one field of a message is encoded."""

    number: int
    kind: str
    type: Any = None
    repeated: bool = False

    @property
    def is_number(self) -> bool:
        """Whether a value is one number on the wire."""
        return self.kind in ("uint", "sint", "flag", "enum")


def uint(number: int) -> Field:
    """An unsigned 64-bit integer (proto ``uint64``)."""
    return Field(number, "uint")


def sint(number: int) -> Field:
    """A signed 64-bit integer (proto ``sint64``, zigzag)."""
    return Field(number, "sint")


def flag(number: int) -> Field:
    """A truth value (proto ``bool``)."""
    return Field(number, "flag")


def raw(number: int) -> Field:
    """A byte string (proto ``bytes``)."""
    return Field(number, "raw")


def text(number: int) -> Field:
    """A UTF-8 string (proto ``string``)."""
    return Field(number, "text")


def choice_of(number: int, type_: type[IntEnum]) -> Field:
    """A value of an enum whose zero means "unspecified" (proto ``enum``)."""
    return Field(number, "enum", type_)


def one(number: int, type_: type[Any]) -> Field:
    """A nested message that may be absent, then ``None`` (proto message field)."""
    return Field(number, "message", type_)


def many(field: Field) -> Field:
    """A repeated field of the given kind, a tuple in Python. Numbers are packed, as proto3 has them."""
    return field._replace(repeated=True)


class OneOf(NamedTuple):
    """A proto ``oneof`` of messages: exactly the field whose type the value has is written."""

    types: tuple[tuple[int, Any], ...]


def one_of(types: dict[int, type[Any]]) -> OneOf:
    """A oneof over message types, by field number."""
    return OneOf(tuple(sorted(types.items())))


def tag_of(field: Field) -> int:
    """The number that opens a field on the wire; repeated numbers are packed into bytes."""
    return field.number << 3 | (VARINT if field.is_number and not field.repeated else BYTES)


def declared(cls: Any) -> list[tuple[Field | OneOf, str]]:
    """The fields of a message type in their order, with the names that errors call them by.

    Raises: TypeError when they are not declared in the order of their numbers, in which they are written.
    """
    hints = get_type_hints(cls, include_extras=True)
    found: list[tuple[Field | OneOf, str]] = []
    last = 0
    for name in cls._fields:
        spec = next(a for a in get_args(hints[name])[1:] if isinstance(a, Field | OneOf))
        numbers = [spec.number] if isinstance(spec, Field) else [number for number, _ in spec.types]
        if numbers[0] <= last:
            raise TypeError(f"{cls.__name__}.{name} comes after number {last}: declare fields in order of number")
        last = numbers[-1]
        found.append((spec, f"{cls.__name__}.{name}"))
    return found
