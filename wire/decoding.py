"""From canonical bytes to a message, refusing all other bytes (see ``wire.codec``)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple, TypeVar

from wire.fields import VARINT, Field, OneOf, declared, tag_of
from wire.varint import CodecError, decode_varint

T = TypeVar("T")

# From what stands behind a tag, a number or a part of the data, to a value.
_Reader = Callable[[Any], Any]


class _Entry(NamedTuple):
    """What may stand behind a tag: a value of the field that is ``at`` that place in the message.

    ``several`` says that the tag may come again, with one more value; ``empty`` that the number behind the tag, which
    is the value or its length, may be 0.
    """

    at: int
    read: _Reader
    several: bool
    empty: bool
    label: str


class _Plan(NamedTuple):
    """What decode needs to know of a message type, worked out once. ``choice`` is the index of its oneof, or -1."""

    entries: dict[int, _Entry]
    defaults: tuple[Any, ...]
    choice: int
    make: Callable[[list[Any]], Any]


_PLANS: dict[type[Any], _Plan] = {}


def decode(cls: type[T], data: bytes) -> T:
    """Read a message from its canonical bytes.

    Raises: CodecError for anything but the canonical encoding: cut off, unknown or repeated fields, fields out
    of order, explicit defaults, long varints, wrong wire types, unknown enum values, strings not in UTF-8.
    """
    entries, defaults, choice, make = _PLANS.get(cls) or _prepare(cls)
    values = list(defaults)
    lists: list[int] = []
    position, end, last = 0, len(data), 0
    while position < end:
        # Tags and lengths of one byte, which are most of them, need no loop.
        tag = data[position]
        position += 1
        if tag >= 0x80:
            tag, position = decode_varint(data, position - 1)
        entry = entries.get(tag)
        if entry is None:
            raise CodecError(f"{cls.__name__} has no field {tag >> 3} of wire type {tag & 7}")
        index, read, several, empty, label = entry
        if tag <= last and not (several and tag == last):
            raise CodecError(f"{label} is repeated or out of order")
        if position < end and data[position] < 0x80:
            number = data[position]
            position += 1
        else:
            number, position = decode_varint(data, position)
        if not (number or empty):
            raise CodecError(f"{label} is an explicit default")
        if tag & 7 == VARINT:
            values[index] = read(number)
            last = tag
            continue
        part = data[position : position + number]
        if len(part) != number:
            raise CodecError(f"{label} is cut off")
        position += number
        if several:
            if tag != last:
                values[index] = []
                lists.append(index)
            values[index].append(read(part))
        else:
            if index == choice and values[index] is not None:
                raise CodecError(f"{cls.__name__} holds more than one message")
            values[index] = read(part)
        last = tag
    if choice >= 0 and values[choice] is None:
        raise CodecError(f"{cls.__name__} holds no message")
    for index in lists:
        values[index] = tuple(values[index])
    message: T = make(values)
    return message


def _prepare(cls: Any) -> _Plan:
    entries: dict[int, _Entry] = {}
    choice = -1
    for index, (spec, label) in enumerate(declared(cls)):
        if isinstance(spec, OneOf):
            choice = index
            for number, type_ in spec.types:
                tag = tag_of(Field(number, "message"))
                entries[tag] = _Entry(index, partial(decode, type_), False, True, f"{label}.{type_.__name__}")
        else:
            several = spec.repeated and not spec.is_number
            empty = spec.repeated or spec.kind == "message"
            entries[tag_of(spec)] = _Entry(index, _reader(spec, label), several, empty, label)
    defaults = tuple(cls._field_defaults.get(name) for name in cls._fields)
    plan = _PLANS[cls] = _Plan(entries, defaults, choice, cls._make)
    return plan


def _reader(field: Field, label: str) -> _Reader:
    if field.is_number:
        number = _number(field, label)
        return _packed(number, label) if field.repeated else number
    if field.kind == "message":
        return partial(decode, field.type)
    return _text(label) if field.kind == "text" else bytes


def _text(label: str) -> _Reader:
    def read_text(part: bytes) -> str:
        try:
            return part.decode()
        except UnicodeDecodeError:
            raise CodecError(f"{label} is not UTF-8") from None

    return read_text


def _packed(read: _Reader, label: str) -> _Reader:
    def read_packed(part: bytes) -> tuple[Any, ...]:
        if not part:
            raise CodecError(f"{label} is present but empty")
        values, position = [], 0
        while position < len(part):
            number, position = decode_varint(part, position)
            values.append(read(number))
        return tuple(values)

    return read_packed


def _number(field: Field, label: str) -> _Reader:
    """From the unsigned integer on the wire to the value that it stands for."""
    if field.kind == "uint":
        return int
    if field.kind == "sint":
        return lambda number: number >> 1 if not number & 1 else ~(number >> 1)
    return _flag(label) if field.kind == "flag" else _member(field.type, label)


def _flag(label: str) -> _Reader:
    def read_flag(number: int) -> bool:
        if number > 1:
            raise CodecError(f"{label} is {number}, not a truth value")
        return bool(number)

    return read_flag


def _member(type_: type[IntEnum], label: str) -> _Reader:
    members = {member.value: member for member in type_}

    def read_member(number: int) -> IntEnum:
        member = members.get(number)
        if member is None:
            raise CodecError(f"{label} = {number} is not one of {', '.join(m.name for m in type_)}")
        return member

    return read_member
