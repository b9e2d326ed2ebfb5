"""The canonical codec beside the protobuf library, which shares no code with it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.messages import message_types, messages, proto_class, to_proto
from wire.codec import CodecError, decode, decode_varint, encode

TYPES = message_types()
ANY_MESSAGE = st.sampled_from(TYPES).flatmap(messages)


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.__name__)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_message_has_the_bytes_that_protobuf_gives_it_and_comes_back(type_: Any, data: st.DataObject) -> None:
    message = data.draw(messages(type_))
    encoded = encode(message)
    assert encoded == to_proto(message).SerializeToString(deterministic=True)
    assert decode(type_, encoded) == message
    assert to_proto(decode(type_, encoded)) == proto_class(type_).FromString(encoded)


def _refused_or_canonical(type_: Any, data: bytes) -> bool:
    """Whether decoding is refused; what is accepted must encode to the same bytes."""
    try:
        message = decode(type_, data)
    except CodecError:
        return True
    assert encode(message) == data
    return False


@settings(max_examples=150, deadline=None)
@given(message=ANY_MESSAGE, data=st.data())
def test_bytes_that_were_changed_anywhere_are_refused_or_canonical(message: Any, data: st.DataObject) -> None:
    encoded = encode(message)
    position = data.draw(st.integers(0, len(encoded)))
    for changed in (
        encoded[:position],
        encoded[position:],
        encoded[:position] + data.draw(st.binary(min_size=1, max_size=3)) + encoded[position:],
        encoded[:position] + encoded[position + 1 :],
        encoded + encoded,
        encoded + data.draw(st.binary(min_size=1, max_size=12)),
    ):
        _refused_or_canonical(type(message), changed)


@settings(max_examples=150, deadline=None)
@given(type_=st.sampled_from(TYPES), data=st.binary(max_size=60))
def test_random_bytes_are_refused_or_canonical_and_protobuf_reads_what_is_accepted(type_: Any, data: bytes) -> None:
    if not _refused_or_canonical(type_, data):
        proto = proto_class(type_).FromString(data)
        assert proto == to_proto(decode(type_, data))


def _fields(data: bytes) -> list[bytes]:
    """The encoded top-level fields of a message, one by one (tags below 2048 here)."""
    parts, start = [], 0
    while start < len(data):
        tag, position = decode_varint(data, start)
        number, position = decode_varint(data, position)
        if tag & 7 == 2:
            position += number
        parts.append(data[start:position])
        start = position
    return parts


@settings(max_examples=100, deadline=None)
@given(message=ANY_MESSAGE, data=st.data())
def test_fields_out_of_order_are_refused(message: Any, data: st.DataObject) -> None:
    parts = _fields(encode(message))
    shuffled = data.draw(st.permutations(parts))
    if [part[:2] for part in shuffled] != [part[:2] for part in parts]:
        changed = b"".join(shuffled)
        assert _refused_or_canonical(type(message), changed) or changed == encode(decode(type(message), changed))


@settings(max_examples=100, deadline=None)
@given(message=ANY_MESSAGE)
def test_an_unknown_field_is_refused_though_protobuf_takes_it(message: Any) -> None:
    with_unknown = encode(message) + b"\x98\x3e\x01"  # field 995, which no message has
    proto_class(type(message)).FromString(with_unknown)
    assert _refused_or_canonical(type(message), with_unknown)


@settings(max_examples=100, deadline=None)
@given(message=ANY_MESSAGE)
def test_long_varints_are_refused_though_protobuf_takes_them(message: Any) -> None:
    for index, part in enumerate(_fields(encode(message))):
        if part[0] & 7 == 0 and part[0] < 0x80:
            longer = part[:-1] + bytes((part[-1] | 0x80, 0))
            parts = _fields(encode(message))
            parts[index] = longer
            data = b"".join(parts)
            try:
                proto_class(type(message)).FromString(data)
            except DecodeError:
                continue
            assert _refused_or_canonical(type(message), data)
