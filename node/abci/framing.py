"""Frames on an ABCI socket: each message is preceded by its length in bytes as an unsigned varint."""

from __future__ import annotations

from node.abci.errors import FrameTooLargeError, MalformedLengthError

DEFAULT_MAX_FRAME_BYTES = 128 * 1024 * 1024
"""Room for CometBFT's largest block, 100 MiB, and what comes with it in a request."""

_MAX_LENGTH_BYTES = 5
"""A varint of five bytes reaches 32 GiB. A longer one, even when padded, is not what CometBFT writes."""


def encode_length(length: int) -> bytes:
    """Write a length, 0 or more, as an unsigned varint."""
    if length < 0x80:
        return bytes((length,))
    groups = bytearray()
    while length > 0x7F:
        groups.append(length & 0x7F | 0x80)
        length >>= 7
    groups.append(length)
    return bytes(groups)


class FrameReader:
    """Cuts a stream of bytes into frames, however the stream was split on its way.

    Memory is bounded by the limit plus one read: a frame that announces more is refused before its bytes are kept.
    """

    __slots__ = ("_at", "_buffer", "_max_frame_bytes")

    def __init__(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._buffer = bytearray()
        self._at = 0

    @property
    def left_bytes(self) -> int:
        """Bytes fed and not yet returned in a frame."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def next_frame(self) -> bytes | None:
        """Return the next frame without its length, or None when more bytes must be fed first.

        After an error the stream has no frame boundaries any more, so the reader must be thrown away.

        Raises:
            MalformedLengthError: the length is longer than any acceptable one.
            FrameTooLargeError: the length is over the limit.
        """
        buffer, start = self._buffer, self._at
        if start == len(buffer):
            return None
        length = buffer[start]
        body = start + 1
        if length > 0x7F:
            header = self._long_length(start)
            if header is None:
                return None
            length, body = header
        if length > self._max_frame_bytes:
            raise FrameTooLargeError(length, self._max_frame_bytes)
        end = body + length
        if end > len(buffer):
            return None
        self._at = end
        return bytes(buffer[body:end])

    def _long_length(self, start: int) -> tuple[int, int] | None:
        """Read a length of several bytes; return it and where the body starts."""
        length = 0
        header = self._buffer[start : start + _MAX_LENGTH_BYTES]
        for index, byte in enumerate(header):
            length |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return length, start + index + 1
        if len(header) < _MAX_LENGTH_BYTES:
            return None
        raise MalformedLengthError(bytes(header))
