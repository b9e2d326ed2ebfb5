"""What happens when the application itself fails: the peer is told, nothing is made up, the server ends."""

from __future__ import annotations

import logging

import pytest

from node.abci import Application, ApplicationFailedError, WrongReplyError
from tests.abci.host import hosted
from tests.abci.kvstore import METHODS, fail_in
from tests.abci.peer import FLUSH, Peer, check_tx
from tests.abci.test_server import Parrot
from wire.gen.tendermint.abci import types_pb2 as abci


def request_for(method: str) -> abci.Request:
    request = abci.Request()
    getattr(request, method).SetInParent()
    return request


@pytest.mark.parametrize("method", METHODS)
def test_an_exception_in_any_method_reaches_every_peer_the_log_and_the_caller(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    application = Parrot()
    fail_in(application, method)
    with hosted(application) as server, Peer(server.address) as peer, Peer(server.address) as other:
        other.send(request_for("info" if method == "echo" else "echo"))
        other.receive()
        peer.send(request_for(method), check_tx(b"must not be executed"))
        replies = peer.receive_until_closed()
        assert other.receive_until_closed() == replies
        failure = server.failure()
    assert [reply.WhichOneof("value") for reply in replies] == ["exception"]
    assert replies[0].exception.error == (
        f"ApplicationFailedError: the application failed in {method}(): "
        "ArithmeticError: the example was told to fail here"
    )
    assert isinstance(failure, ApplicationFailedError)
    assert failure.method == method
    assert isinstance(failure.__cause__, ArithmeticError)
    assert application.calls == []
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "in fail" in caplog.text, "the log has the traceback into the application"
    assert record.levelname == "ERROR"


def test_replies_before_the_exception_are_still_sent() -> None:
    application = Parrot()
    fail_in(application, "commit")
    with hosted(application) as server, Peer(server.address) as peer:
        peer.send(check_tx(b"1"), check_tx(b"2"), request_for("commit"), FLUSH)
        kinds = [reply.WhichOneof("value") for reply in peer.receive_until_closed()]
    assert kinds == ["check_tx", "check_tx", "exception"]


class Confused(Application):
    def __init__(self, reply: object) -> None:
        self.commit = lambda request: reply  # type: ignore[assignment, return-value]  # the mistake under test


@pytest.mark.parametrize(
    ("reply", "got"),
    [(None, "NoneType"), (abci.ResponseInfo(), "ResponseInfo"), ({"retain_height": 1}, "dict")],
    ids=["nothing", "another message", "a dict"],
)
def test_anything_but_the_methods_own_reply_is_a_failure(reply: object, got: str) -> None:
    with hosted(Confused(reply)) as server, Peer(server.address) as peer:
        peer.send(request_for("commit"))
        assert f"commit() returned {got}, it must return ResponseCommit" in peer.receive().exception.error
        failure = server.failure()
    assert isinstance(failure, ApplicationFailedError)
    assert isinstance(failure.__cause__, WrongReplyError)


class Verbose(Application):
    def query(self, request: abci.RequestQuery) -> abci.ResponseQuery:
        return abci.ResponseQuery(value=bytes(4_000_000))


def test_a_failure_ends_the_server_even_when_a_peer_does_not_fetch_its_replies() -> None:
    application = Verbose()
    fail_in(application, "commit")
    with hosted(application) as server, Peer(server.address) as deaf, Peer(server.address) as peer:
        deaf.send(request_for("query"))
        assert deaf.receive_some(1)
        peer.send(request_for("commit"))
        assert isinstance(server.failure(), ApplicationFailedError)
