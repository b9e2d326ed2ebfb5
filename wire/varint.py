"""Integers as protobuf writes them: base-128 groups, least significant first, in their shortest form only."""

from __future__ import annotations

MAX_UINT = (1 << 64) - 1
MAX_INT64 = (1 << 63) - 1
MIN_INT64 = -(1 << 63)


class CodecError(ValueError):
    """The bytes are not the canonical encoding of the message; the text says where and why."""


# The groups of seven bits that end a number, and those that more follow on.
_LAST = tuple(bytes((value,)) for value in range(0x80))
_MORE = tuple(bytes((value | 0x80,)) for value in range(0x80))


def encode_varint(value: int) -> bytes:
    """The shortest base-128 form of a non-negative integer."""
    if value < 0x80:
        return _LAST[value]
    if value < 0x4000:
        return _MORE[value & 0x7F] + _LAST[value >> 7]
    if value < 0x20_0000:
        return _MORE[value & 0x7F] + _MORE[value >> 7 & 0x7F] + _LAST[value >> 14]
    return _MORE[value & 0x7F] + _MORE[value >> 7 & 0x7F] + _MORE[value >> 14 & 0x7F] + encode_varint(value >> 21)


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
