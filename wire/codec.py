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

from wire.decoding import decode
from wire.encoding import encode
from wire.varint import MAX_INT64, MAX_UINT, MIN_INT64, CodecError, decode_varint, encode_varint

__all__ = [
    "MAX_INT64",
    "MAX_UINT",
    "MIN_INT64",
    "CodecError",
    "decode",
    "decode_varint",
    "encode",
    "encode_varint",
]
