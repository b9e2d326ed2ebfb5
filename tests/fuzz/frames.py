"""ABCI frames: cut the same whatever the splits, refused only as documented; requests are answered or refused."""

from __future__ import annotations

from node.abci import Application
from node.abci.dispatch import Dispatcher
from node.abci.errors import ApplicationFailedError, ProtocolError
from node.abci.framing import FrameReader, encode_length
from tests.fuzz.finding import hold
from wire.gen.tendermint.abci import types_pb2 as abci

_LIMIT_BYTES = 4_096


class _Silent(Application):
    """Answers with what the interface has for those who care for nothing."""


_DISPATCHER = Dispatcher(_Silent())


def fuzz_frames(data: bytes) -> None:
    """The first byte says how the rest is split."""
    split, stream = (data[0] % 7 + 1, data[1:]) if data else (1, b"")
    whole, error = _read(stream, len(stream) or 1)
    parts, error_in_parts = _read(stream, split)
    hold((whole, error) == (parts, error_in_parts), "frames do not depend on how they arrive", data)
    rebuilt = b"".join(encode_length(len(frame)) + frame for frame in whole)
    again, _ = _read(rebuilt, len(rebuilt) or 1)
    hold(again == whole, "frames that were read can be written and read", data)
    for frame in whole:
        _answer(frame)


def _read(stream: bytes, split: int) -> tuple[list[bytes], type[ProtocolError] | None]:
    reader, frames = FrameReader(_LIMIT_BYTES), []
    for at in range(0, len(stream), split):
        reader.feed(stream[at : at + split])
        try:
            while (frame := reader.next_frame()) is not None:
                frames.append(frame)
        except ProtocolError as error:
            return frames, type(error)
    return frames, None


def _answer(payload: bytes) -> None:
    try:
        reply = _DISPATCHER.answer(payload)
    except (ProtocolError, ApplicationFailedError):
        return
    reader = FrameReader()
    reader.feed(reply)
    body = reader.next_frame()
    hold(body is not None and reader.left_bytes == 0, "a reply is one frame", payload)
    response = abci.Response.FromString(body or b"")
    hold(response.WhichOneof("value") is not None, "a reply names its method", payload)
