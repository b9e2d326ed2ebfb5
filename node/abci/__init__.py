"""An ABCI 2.0 socket server for CometBFT, with nothing in it of what the application is about.

Subclass :class:`Application`, then ``run(application, "unix:///run/app.sock")``. See docs/abci-server.md.
"""

from __future__ import annotations

from node.abci.application import Application, bytes_in_block
from node.abci.errors import (
    AbciError,
    AddressError,
    AddressInUseError,
    ApplicationFailedError,
    FrameTooLargeError,
    MalformedLengthError,
    ProtocolError,
    TruncatedFrameError,
    UndecodableRequestError,
    UnknownRequestError,
    WrongReplyError,
)
from node.abci.framing import DEFAULT_MAX_FRAME_BYTES
from node.abci.server import Server, run, serve

__all__ = [
    "DEFAULT_MAX_FRAME_BYTES",
    "AbciError",
    "AddressError",
    "AddressInUseError",
    "Application",
    "ApplicationFailedError",
    "FrameTooLargeError",
    "MalformedLengthError",
    "ProtocolError",
    "Server",
    "TruncatedFrameError",
    "UndecodableRequestError",
    "UnknownRequestError",
    "WrongReplyError",
    "bytes_in_block",
    "run",
    "serve",
]
