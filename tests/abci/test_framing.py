"""Frames, by themselves."""

from __future__ import annotations

import io

import pytest
from google.protobuf.proto import serialize_length_prefixed
from hypothesis import given
from hypothesis import strategies as st

from node.abci.errors import FrameTooLargeError, MalformedLengthError
from node.abci.framing import FrameReader, encode_length
from wire.gen.tendermint.abci import types_pb2 as abci


def read_all(reader: FrameReader) -> list[bytes]:
    frames = []
    while (frame := reader.next_frame()) is not None:
        frames.append(frame)
    return frames


def framed(frames: list[bytes]) -> bytes:
    return b"".join(encode_length(len(frame)) + frame for frame in frames)


@given(st.lists(st.binary(max_size=400), max_size=12), st.data())
def test_frames_survive_any_split_of_the_stream(frames: list[bytes], data: st.DataObject) -> None:
    stream = framed(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    reader, read = FrameReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.feed(stream[start:end])
        read += read_all(reader)
    assert read == frames
    assert reader.left_bytes == 0


def test_a_frame_split_at_every_byte_comes_once_and_whole() -> None:
    frame = bytes(range(256)) * 2
    stream = framed([frame])
    for cut in range(len(stream)):
        reader = FrameReader()
        reader.feed(stream[:cut])
        assert read_all(reader) == []
        reader.feed(stream[cut:])
        assert read_all(reader) == [frame]


@given(st.text(max_size=300))
def test_frames_are_those_that_protobuf_itself_writes(message: str) -> None:
    request = abci.Request(echo=abci.RequestEcho(message=message))
    stream = io.BytesIO()
    serialize_length_prefixed(request, stream)
    assert stream.getvalue() == framed([request.SerializeToString()])


@given(st.integers(0, 2**35 - 1))
def test_every_length_is_read_as_written(length: int) -> None:
    reader = FrameReader(max_frame_bytes=length)
    reader.feed(encode_length(length) + b"x")
    frame = reader.next_frame()
    assert frame == (b"" if length == 0 else b"x" if length == 1 else None)


def test_a_frame_at_the_limit_passes_and_one_byte_more_is_refused_before_its_body_comes() -> None:
    reader = FrameReader(max_frame_bytes=200)
    reader.feed(framed([bytes(200)]) + encode_length(201))
    assert reader.next_frame() == bytes(200)
    with pytest.raises(FrameTooLargeError, match=r"announces 201 bytes, the limit is 200; .*raise max_frame_bytes"):
        reader.next_frame()


def test_frames_before_a_bad_one_are_still_read() -> None:
    reader = FrameReader()
    reader.feed(framed([b"one", b"two"]) + b"\xff" * 5)
    assert reader.next_frame() == b"one"
    assert reader.next_frame() == b"two"
    with pytest.raises(MalformedLengthError, match="ff ff ff ff ff"):
        reader.next_frame()


@pytest.mark.parametrize("start", [b"\x80", b"\xff\xff\xff\xff"])
def test_a_length_that_is_not_complete_waits_for_more(start: bytes) -> None:
    reader = FrameReader()
    reader.feed(start)
    assert reader.next_frame() is None
    assert reader.left_bytes == len(start)


def test_a_large_frame_in_many_reads_takes_time_in_proportion() -> None:
    body = bytes(32 * 1024 * 1024)
    stream = memoryview(framed([body]))
    reader, read = FrameReader(), []
    for start in range(0, len(stream), 65_536):
        reader.feed(bytes(stream[start : start + 65_536]))
        read += read_all(reader)
    assert read == [body]
