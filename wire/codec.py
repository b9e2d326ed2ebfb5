"""The canonical encoding of everything that is signed, stored or proved.

It is the protobuf wire format of the messages in ``proto/vdg`` restricted to one byte string per value: fields
in ascending order, each at most once (but for repeated ones), shortest varints, defaults left out, nothing
unknown. ``decode`` refuses every other form, so ``encode(decode(data)) == data`` always holds. It is our own
because consensus may not depend on what a library's version accepts or emits (ADR 2).

A message is a ``NamedTuple`` whose fields are annotated with their number and kind::

    class Transfer(NamedTuple):
        to: Annotated[bytes, raw(1)] = b""
        amount_neur: Annotated[int, uint(2)] = 0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from wire.fields import Field, OneOf

T = TypeVar("T")

MAX_UINT = (1 << 64) - 1
MAX_INT64 = (1 << 63) - 1
MIN_INT64 = -(1 << 63)

_VARINT, _BYTES = 0, 2


class CodecError(ValueError):
    """The bytes are not the canonical encoding of the message; the text says where and why."""


# The numbers that take one byte, which are most of them.
_ONE_BYTE = tuple(bytes((value,)) for value in range(0x80))


def encode_varint(value: int) -> bytes:
    """The shortest base-128 form of a non-negative integer."""
    if value < 0x80:
        return _ONE_BYTE[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode_varint(data: bytes, position: int) -> tuple[int, int]:
    """Read a shortest-form varint of at most 64 bits; returns the value and the position behind it.

    Raises: CodecError when it is cut off, longer than needed or larger than 64 bits.
    """
    value = shift = 0
    while True:
        if position >= len(data):
            raise CodecError("the data ends inside a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise CodecError("a number is longer than 64 bits")
    if value > MAX_UINT:
        raise CodecError("a number is longer than 64 bits")
    if byte == 0 and shift:
        raise CodecError("a number is not in its shortest form")
    return value, position


class _Plan(NamedTuple):
    """What encode and decode need to know of a message type, worked out once."""

    encoders: tuple[tuple[int, Callable[[Any], bytes]], ...]
    by_tag: dict[int, tuple[int, str, Any, bool, str]]
    defaults: tuple[Any, ...]
    required: frozenset[int]


def _tag(field: Field) -> int:
    packed = field.repeated and field.kind in ("uint", "sint", "flag", "enum")
    wire = _BYTES if packed or field.kind in ("raw", "text", "message") else _VARINT
    return field.number << 3 | wire


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unzigzag(value: int) -> int:
    return value >> 1 if not value & 1 else -(value + 1 >> 1)


def _number(kind: str, value: Any, name: str) -> int:
    """The unsigned integer that stands for a scalar on the wire."""
    if kind == "sint":
        if not MIN_INT64 <= value <= MAX_INT64:
            raise CodecError(f"{name} = {value} does not fit a signed 64-bit integer")
        return _zigzag(value)
    if not 0 <= value <= MAX_UINT:
        raise CodecError(f"{name} = {value} does not fit an unsigned 64-bit integer")
    return int(value)


def _scalar(kind: str, type_: Any, number: int, name: str) -> Any:
    """The value that an unsigned integer on the wire stands for."""
    if kind == "uint":
        return number
    if kind == "sint":
        return _unzigzag(number)
    if kind == "flag":
        if number > 1:
            raise CodecError(f"{name} is {number}, not a truth value")
        return bool(number)
    try:
        return type_(number)
    except ValueError:
        raise CodecError(f"{name} = {number} is not one of {', '.join(m.name for m in type_)}") from None


def _content(kind: str, value: Any) -> bytes:
    if kind == "raw":
        return bytes(value)
    if kind == "text":
        return str(value).encode()
    return encode(value)


def _encoder(field: Field, name: str) -> Callable[[Any], bytes]:
    """A function from a field's value to its bytes, tag included; b"" for the default."""
    tag, kind = encode_varint(_tag(field)), field.kind
    if field.repeated and kind in ("raw", "text", "message"):

        def encode_many(values: Any) -> bytes:
            parts = [_content(kind, value) for value in values]
            return b"".join(tag + encode_varint(len(part)) + part for part in parts)

        return encode_many
    if field.repeated:

        def encode_packed(values: Any) -> bytes:
            part = b"".join(encode_varint(_number(kind, value, name)) for value in values)
            return tag + encode_varint(len(part)) + part if part else b""

        return encode_packed
    if kind == "message":

        def encode_message(value: Any) -> bytes:
            if value is None:
                return b""
            part = encode(value)
            return tag + encode_varint(len(part)) + part

        return encode_message
    if kind in ("raw", "text"):

        def encode_content(value: Any) -> bytes:
            if not value:
                return b""
            part = _content(kind, value)
            return tag + encode_varint(len(part)) + part

        return encode_content

    def encode_number(value: Any) -> bytes:
        return tag + encode_varint(_number(kind, value, name)) if value else b""

    return encode_number


def _one_of_encoder(choice: OneOf, name: str) -> Callable[[Any], bytes]:
    tags = {type_: encode_varint(number << 3 | _BYTES) for number, type_ in choice.types}

    def encode_choice(value: Any) -> bytes:
        if type(value) not in tags:
            raise CodecError(f"{name} can't hold a {type(value).__name__}")
        part = encode(value)
        return tags[type(value)] + encode_varint(len(part)) + part

    return encode_choice


_PLANS: dict[type[Any], _Plan] = {}


def _plan(cls: type[Any]) -> _Plan:
    plan = _PLANS.get(cls)
    if plan is None:
        plan = _PLANS[cls] = _make_plan(cls)
    return plan


def _make_plan(cls: Any) -> _Plan:
    encoders: list[tuple[int, int, Callable[[Any], bytes]]] = []
    by_tag: dict[int, tuple[int, str, Any, bool, str]] = {}
    required: set[int] = set()
    hints = get_type_hints(cls, include_extras=True)
    for index, name in enumerate(cls._fields):
        label = f"{cls.__name__}.{name}"
        spec = next(a for a in get_args(hints[name])[1:] if isinstance(a, Field | OneOf))
        if isinstance(spec, OneOf):
            required.add(index)
            encoders.append((spec.types[0][0], index, _one_of_encoder(spec, label)))
            for number, type_ in spec.types:
                by_tag[number << 3 | _BYTES] = (index, "message", type_, False, f"{label}.{type_.__name__}")
            continue
        encoders.append((spec.number, index, _encoder(spec, label)))
        kind = (
            f"packed {spec.kind}"
            if spec.repeated and _tag(spec) & 7 == _BYTES and spec.kind in ("uint", "sint", "flag", "enum")
            else spec.kind
        )
        by_tag[_tag(spec)] = (index, kind, spec.type, spec.repeated, label)
    encoders.sort()
    defaults = tuple(cls._field_defaults.get(name) for name in cls._fields)
    return _Plan(tuple((i, e) for _, i, e in encoders), by_tag, defaults, frozenset(required))


def encode(message: Any) -> bytes:
    """The one byte string of a message.

    Raises: CodecError when a number does not fit its field.
    """
    return b"".join([encoder(message[index]) for index, encoder in _plan(type(message)).encoders])


def _packed(kind: str, type_: Any, part: bytes, label: str) -> tuple[Any, ...]:
    if not part:
        raise CodecError(f"{label} is present but empty")
    values, position = [], 0
    while position < len(part):
        number, position = decode_varint(part, position)
        values.append(_scalar(kind, type_, number, label))
    return tuple(values)


def _decode_content(kind: str, type_: Any, part: bytes, label: str) -> Any:
    if kind == "raw":
        return part
    if kind == "text":
        try:
            return part.decode()
        except UnicodeDecodeError:
            raise CodecError(f"{label} is not UTF-8") from None
    return decode(type_, part)


def decode(cls: type[T], data: bytes) -> T:
    """Read a message from its canonical bytes.

    Raises: CodecError for anything but the canonical encoding: cut off, unknown or repeated fields, fields out
    of order, explicit defaults, long varints, wrong wire types, unknown enum values, strings not in UTF-8.
    """
    plan = _plan(cls)
    by_tag, values = plan.by_tag, list(plan.defaults)
    position, end, last = 0, len(data), 0
    lists: list[int] = []
    while position < end:
        # Tags and lengths of one byte, which are most of them, need no loop.
        tag = data[position]
        if tag < 0x80:
            position += 1
        else:
            tag, position = decode_varint(data, position)
        entry = by_tag.get(tag)
        if entry is None:
            raise CodecError(f"{cls.__name__} has no field {tag >> 3} of wire type {tag & 7}")
        index, kind, type_, repeated, label = entry
        if tag < last or (tag == last and not (repeated and tag & 7 == _BYTES and kind[:6] != "packed")):
            raise CodecError(f"{label} is repeated or out of order")
        first, last = tag != last, tag
        if position < end and data[position] < 0x80:
            number = data[position]
            position += 1
        else:
            number, position = decode_varint(data, position)
        if tag & 7 == _VARINT:
            if not number:
                raise CodecError(f"{label} is an explicit default")
            values[index] = number if kind == "uint" else _scalar(kind, type_, number, label)
            continue
        part = data[position : position + number]
        if len(part) != number:
            raise CodecError(f"{label} is cut off")
        position += number
        if kind[:6] == "packed":
            values[index] = _packed(kind[7:], type_, part, label)
        elif repeated:
            if first:
                values[index] = []
                lists.append(index)
            values[index].append(_decode_content(kind, type_, part, label))
        else:
            if not part and kind != "message":
                raise CodecError(f"{label} is an explicit default")
            if index in plan.required and values[index] is not None:
                raise CodecError(f"{cls.__name__} holds more than one message")
            values[index] = _decode_content(kind, type_, part, label)
    for index in plan.required:
        if values[index] is None:
            raise CodecError(f"{cls.__name__} holds no message")
    for index in lists:
        values[index] = tuple(values[index])
    return cls(*values)
