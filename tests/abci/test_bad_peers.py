"""What the server does with peers that break the protocol: a named error, that connection closed, nothing else."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.abci import Application
from tests.abci.host import hosted
from tests.abci.peer import FLUSH, Peer, check_tx, echo, framed
from tests.abci.test_server import Parrot
from wire.gen.tendermint.abci import types_pb2 as abci

MAX_FRAME_BYTES = 1_000

GARBAGE = {
    "an HTTP request": (b"GET / HTTP/1.1\r\nHost: example\r\n\r\n" + bytes(60), "UndecodableRequestError"),
    "bytes that are no protobuf": (b"\x03\xff\xff\xff", "UndecodableRequestError"),
    "text that is no UTF-8": (b"\x06\x0a\x04\x0a\x02\xff\xfe", "UndecodableRequestError"),
    "an endless length": (b"\xff" * 10, "MalformedLengthError"),
    "a frame over the limit": (b"\xe9\x07", "FrameTooLargeError: a frame announces 1001 bytes, the limit is 1000"),
    "a frame far over the limit": (b"\xff\xff\xff\xff\x7f", "FrameTooLargeError"),
    "an empty frame": (b"\x00", "UnknownRequestError"),
    "a method of ABCI 0.17": (b"\x02\x3a\x00", r"UnknownRequestError: .*unknown fields: 7"),
    "a method of the future": (b"\x03\xfa\x01\x00", r"UnknownRequestError: .*unknown fields: 31"),
}


@pytest.mark.parametrize(("garbage", "error"), GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_by_name_and_nobody_else_notices(
    garbage: bytes, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    application = Parrot()
    with (
        caplog.at_level(logging.ERROR),
        hosted(application, max_frame_bytes=MAX_FRAME_BYTES) as server,
        Peer(server.address) as other,
        Peer(server.address) as bad,
    ):
        assert other.ask(echo("before")).echo.message == "before"
        bad.send_bytes(framed(check_tx(b"good")) + garbage)
        replies = bad.receive_until_closed()
        assert other.ask(echo("after")).echo.message == "after"
        with Peer(server.address) as newcomer:
            assert newcomer.ask(echo("new")).echo.message == "new"
        assert server.end() is None
    assert [reply.WhichOneof("value") for reply in replies] == ["check_tx", "exception"]
    assert replies[1].exception.error.startswith(error.split(":")[0])
    assert application.calls == [b"good"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert re.search(error, record.getMessage())


def test_a_connection_that_ends_inside_a_frame_is_refused_by_name(caplog: pytest.LogCaptureFixture) -> None:
    application = Parrot()
    with hosted(application) as server, Peer(server.address) as peer:
        peer.send_bytes(framed(check_tx(b"x" * 50))[:20])
        peer.end_sending()
        (reply,) = peer.receive_until_closed()
    assert reply.exception.error == (
        "TruncatedFrameError: the connection ended inside a frame; 20 bytes of it had come"
    )
    assert "TruncatedFrameError" in caplog.text
    assert application.calls == []


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_random_bytes_never_end_the_server(garbage: bytes) -> None:
    with hosted(Application(), max_frame_bytes=MAX_FRAME_BYTES) as server:
        with Peer(server.address) as bad:
            bad.send_bytes(garbage)
            bad.end_sending()
            bad.receive_until_closed()
        with Peer(server.address) as good:
            assert good.ask(echo("still here")).echo.message == "still here"
        assert server.end() is None


def test_a_peer_that_vanishes_with_requests_under_way_takes_nobody_along() -> None:
    with hosted(Parrot()) as server, Peer(server.address) as other:
        for _ in range(20):
            with Peer(server.address) as peer:
                peer.send(*[check_tx(bytes(500))] * 300)
        assert other.ask(echo("still here")).echo.message == "still here"
        assert server.end() is None


def test_unknown_fields_inside_a_known_request_are_passed_over() -> None:
    request = abci.Request(check_tx=abci.RequestCheckTx(tx=b"x")).SerializeToString()
    extended = request[:1] + bytes((request[1] + 3,)) + request[2:] + b"\xf8\x01\x07"
    with hosted(Parrot()) as server, Peer(server.address) as peer:
        peer.send_bytes(bytes((len(extended),)) + extended)
        peer.send(FLUSH)
        assert peer.receive().check_tx.data == b"x"
