"""The other end of an ABCI socket, with framing by protobuf's own library and none of ours."""

from __future__ import annotations

import io
import socket
from types import TracebackType
from typing import cast

from google.protobuf.proto import parse_length_prefixed, serialize_length_prefixed

from wire.gen.tendermint.abci import types_pb2 as abci

DEADLINE_SECONDS = 60.0
FLUSH = abci.Request(flush=abci.RequestFlush())


def echo(message: str) -> abci.Request:
    return abci.Request(echo=abci.RequestEcho(message=message))


def check_tx(tx: bytes) -> abci.Request:
    return abci.Request(check_tx=abci.RequestCheckTx(tx=tx))


def framed(*requests: abci.Request) -> bytes:
    stream = io.BytesIO()
    for request in requests:
        serialize_length_prefixed(request, stream)
    return stream.getvalue()


class Peer:
    """One blocking connection. Everything that takes too long raises TimeoutError."""

    def __init__(self, address: str) -> None:
        if address.startswith("unix://"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(DEADLINE_SECONDS)
            self._socket.connect(address.removeprefix("unix://"))
        else:
            host, _, port = address.removeprefix("tcp://").rpartition(":")
            self._socket = socket.create_connection((host.strip("[]"), int(port)), DEADLINE_SECONDS)
        # Any file will do for protobuf; its type stub says BytesIO.
        self._reader = cast(io.BytesIO, self._socket.makefile("rb"))

    def send(self, *requests: abci.Request) -> None:
        self.send_bytes(framed(*requests))

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def end_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def receive(self) -> abci.Response:
        """Return the next reply.

        Raises:
            EOFError: the server has closed the connection.
        """
        reply = parse_length_prefixed(abci.Response, self._reader)
        if reply is None:
            raise EOFError("the server has closed the connection")
        return reply

    def receive_some(self, size: int) -> bytes:
        """Return the next bytes of whatever comes."""
        return self._reader.read(size)

    def receive_until_closed(self) -> list[abci.Response]:
        replies = []
        try:
            while True:
                replies.append(self.receive())
        except (EOFError, ConnectionResetError):
            return replies

    def ask(self, request: abci.Request) -> abci.Response:
        self.send(request, FLUSH)
        reply = self.receive()
        flushed = self.receive().WhichOneof("value")
        if flushed != "flush":
            raise AssertionError(f"a flush was answered with {flushed}")
        return reply

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
