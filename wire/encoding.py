"""From a message to its canonical bytes (see ``wire.codec``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wire.fields import Field, OneOf, declared, tag_of
from wire.varint import MAX_INT64, MAX_UINT, MIN_INT64, CodecError, encode_varint

# From a field's value to its bytes, tag included; b"" for the default.
_Encoder = Callable[[Any], bytes]

# Of each message type that was encoded, one encoder a field; made once, since messages are encoded by the thousand.
_ENCODERS: dict[type[Any], tuple[_Encoder, ...]] = {}


def encode(message: Any) -> bytes:
    """The one byte string of a message.

    Raises: CodecError when a number does not fit its field.
    """
    encoders = _ENCODERS.get(type(message)) or _prepare(type(message))
    return b"".join([encoder(value) for encoder, value in zip(encoders, message, strict=True)])


def _prepare(cls: type[Any]) -> tuple[_Encoder, ...]:
    encoders = _ENCODERS[cls] = tuple(
        _one_of(spec, label) if isinstance(spec, OneOf) else _field(spec, label) for spec, label in declared(cls)
    )
    return encoders


def _field(field: Field, label: str) -> _Encoder:
    tag = encode_varint(tag_of(field))
    if field.is_number:
        number = _signed(label) if field.kind == "sint" else _unsigned(label)
        return _packed(tag, number) if field.repeated else _one_number(tag, number)
    content = _CONTENTS[field.kind]
    if field.repeated:
        return _many(tag, content)
    return _one_message(tag) if field.kind == "message" else _one_content(tag, content)


def _unsigned(label: str) -> _Encoder:
    def encode_unsigned(value: int) -> bytes:
        if not 0 <= value <= MAX_UINT:
            raise CodecError(f"{label} = {value} does not fit an unsigned 64-bit integer")
        return encode_varint(value)

    return encode_unsigned


def _signed(label: str) -> _Encoder:
    def encode_signed(value: int) -> bytes:
        if not MIN_INT64 <= value <= MAX_INT64:
            raise CodecError(f"{label} = {value} does not fit a signed 64-bit integer")
        # Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
        return encode_varint(value << 1 if value >= 0 else ~(value << 1))

    return encode_signed


def _one_number(tag: bytes, number: _Encoder) -> _Encoder:
    return lambda value: tag + number(value) if value else b""


def _packed(tag: bytes, number: _Encoder) -> _Encoder:
    def encode_packed(values: tuple[int, ...]) -> bytes:
        part = b"".join([number(value) for value in values])
        return tag + encode_varint(len(part)) + part if part else b""

    return encode_packed


_CONTENTS: dict[str, _Encoder] = {"raw": bytes, "text": str.encode, "message": encode}


def _one_content(tag: bytes, content: _Encoder) -> _Encoder:
    def encode_content(value: Any) -> bytes:
        if not value:
            return b""
        part = content(value)
        return tag + encode_varint(len(part)) + part

    return encode_content


def _one_message(tag: bytes) -> _Encoder:
    def encode_message(value: Any) -> bytes:
        if value is None:
            return b""
        part = encode(value)
        return tag + encode_varint(len(part)) + part

    return encode_message


def _many(tag: bytes, content: _Encoder) -> _Encoder:
    def encode_many(values: tuple[Any, ...]) -> bytes:
        parts = [content(value) for value in values]
        return b"".join([tag + encode_varint(len(part)) + part for part in parts])

    return encode_many


def _one_of(choice: OneOf, label: str) -> _Encoder:
    tags = {type_: encode_varint(tag_of(Field(number, "message"))) for number, type_ in choice.types}

    def encode_choice(value: Any) -> bytes:
        tag = tags.get(type(value))
        if tag is None:
            raise CodecError(f"{label} can't hold a {type(value).__name__}")
        part = encode(value)
        return tag + encode_varint(len(part)) + part

    return encode_choice
