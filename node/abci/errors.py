"""Everything that can go wrong between CometBFT and an application, by name."""

from __future__ import annotations


class AbciError(Exception):
    """Any error of this library."""


class AddressError(AbciError):
    """The address to listen on is not one of ``unix:///path`` and ``tcp://host:port``."""


class AddressInUseError(AbciError):
    """Something else is there already: another server, or a file that is not a socket."""


class ProtocolError(AbciError):
    """The peer does not speak ABCI 2.0. Its connection is closed; the application was not called."""


class MalformedLengthError(ProtocolError):
    """The bytes before a frame are no length that any acceptable frame could have."""

    def __init__(self, start: bytes) -> None:
        super().__init__(
            f"a frame starts with {start.hex(' ')}, which is no unsigned varint of at most {len(start)} bytes; "
            'is the peer CometBFT with `abci = "socket"`?'
        )


class FrameTooLargeError(ProtocolError):
    """A frame announces more bytes than the server accepts. Nothing of it was read into memory."""

    def __init__(self, frame_bytes: int, max_frame_bytes: int) -> None:
        super().__init__(
            f"a frame announces {frame_bytes} bytes, the limit is {max_frame_bytes}; "
            "if the peer is CometBFT, raise max_frame_bytes above its largest block or genesis file"
        )
        self.frame_bytes = frame_bytes
        self.max_frame_bytes = max_frame_bytes


class TruncatedFrameError(ProtocolError):
    """The peer closed the connection inside a frame."""

    def __init__(self, left_bytes: int) -> None:
        super().__init__(f"the connection ended inside a frame; {left_bytes} bytes of it had come")
        self.left_bytes = left_bytes


class UndecodableRequestError(ProtocolError):
    """A frame's bytes are not a protobuf ``Request``."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(
            f"a frame of {len(payload)} bytes is not a tendermint.abci.Request; it starts with {payload[:16].hex(' ')}"
        )


class UnknownRequestError(ProtocolError):
    """A ``Request`` names no method of ABCI 2.0."""

    def __init__(self, field_numbers: list[int]) -> None:
        seen = ", ".join(map(str, field_numbers)) or "none"
        super().__init__(f"a request names no method of ABCI 2.0 (unknown fields: {seen}); use CometBFT v0.38 or v0.40")
        self.field_numbers = field_numbers


class WrongReplyError(AbciError):
    """A method of the application returned something else than its reply message."""

    def __init__(self, method: str, expected: type, got: type) -> None:
        super().__init__(f"{method}() returned {got.__name__}, it must return {expected.__name__}")


class ApplicationFailedError(AbciError):
    """A method of the application raised. The cause is chained; the process must end and be restarted."""

    def __init__(self, method: str, cause: Exception) -> None:
        super().__init__(f"the application failed in {method}(): {type(cause).__name__}: {cause}")
        self.method = method
