"""The server and well-behaved peers."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from node.abci import Application, Server
from tests.abci.host import LoopFactory, hosted
from tests.abci.peer import DEADLINE_SECONDS, FLUSH, Peer, check_tx, echo, framed
from wire.gen.tendermint.abci import types_pb2 as abci

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
METHODS = [field.name for field in abci.Request.DESCRIPTOR.oneofs_by_name["value"].fields]
CONNECTIONS = 4


class Parrot(Application):
    """Repeats each transaction, and notes calls."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.threads: set[int] = set()

    def check_tx(self, request: abci.RequestCheckTx) -> abci.ResponseCheckTx:
        self.calls.append(request.tx)
        self.threads.add(threading.get_ident())
        return abci.ResponseCheckTx(data=request.tx)


class Gate(Parrot):
    """Stays inside query until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.release = threading.Event()

    def query(self, request: abci.RequestQuery) -> abci.ResponseQuery:
        self.entered.set()
        if not self.release.wait(DEADLINE_SECONDS):
            raise TimeoutError("nobody released the gate")
        return abci.ResponseQuery(value=b"released")


QUERY = abci.Request(query=abci.RequestQuery(path="/gate"))


@pytest.mark.parametrize("loop_factory", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("address", ["", "tcp://127.0.0.1:0", "tcp://localhost:0"], ids=["unix", "tcp", "name"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_answered_by_its_own_reply(method: str, address: str, loop_factory: LoopFactory) -> None:
    request = abci.Request()
    getattr(request, method).SetInParent()
    with hosted(Application(), address, loop_factory=loop_factory) as server, Peer(server.address) as peer:
        assert peer.ask(request).WhichOneof("value") == method


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=300).map(check_tx),
            st.text(max_size=100).map(echo),
            st.just(FLUSH),
            st.just(abci.Request(info=abci.RequestInfo())),
        ),
        max_size=60,
    ),
    st.data(),
)
def test_replies_come_in_the_order_of_requests_however_they_are_cut(
    requests: list[abci.Request], data: st.DataObject
) -> None:
    stream = framed(*requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    with hosted(Parrot()) as server, Peer(server.address) as peer:
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            peer.send_bytes(stream[start:end])
        for request in requests:
            reply = peer.receive()
            assert reply.WhichOneof("value") == request.WhichOneof("value")
            assert reply.check_tx.data == request.check_tx.tx
            assert reply.echo.message == request.echo.message


def test_a_request_may_arrive_byte_by_byte() -> None:
    with hosted(Parrot()) as server, Peer(server.address) as peer:
        for byte in framed(check_tx(b"x" * 200)):
            peer.send_bytes(bytes((byte,)))
        assert peer.receive().check_tx.data == b"x" * 200


def test_replies_are_sent_without_a_flush_when_no_request_is_left() -> None:
    with hosted(Parrot()) as server, Peer(server.address) as peer:
        peer.send(check_tx(b"lonely"))
        assert peer.receive().check_tx.data == b"lonely"


def test_a_flush_sends_what_was_answered_before_a_slow_request() -> None:
    gate = Gate()
    with hosted(gate) as server, Peer(server.address) as peer:
        peer.send(check_tx(b"first"), FLUSH, QUERY)
        assert peer.receive().check_tx.data == b"first"
        assert peer.receive().WhichOneof("value") == "flush"
        gate.release.set()
        assert peer.receive().query.value == b"released"


def test_four_connections_are_served_at_once_and_the_application_is_called_from_one_thread() -> None:
    application = Parrot()
    requests_each = 3_000

    def talk(address: str, name: int) -> list[bytes]:
        sent = [b"%d/%d" % (name, index) for index in range(requests_each)]
        with Peer(address) as peer:
            peer.send(*map(check_tx, sent), FLUSH)
            return [peer.receive().check_tx.data for _ in sent]

    with hosted(application) as server, ThreadPoolExecutor(CONNECTIONS) as pool:
        answered = list(pool.map(talk, [server.address] * CONNECTIONS, range(CONNECTIONS)))
    for name, replies in enumerate(answered):
        assert replies == [b"%d/%d" % (name, index) for index in range(requests_each)]
    assert len(application.calls) == CONNECTIONS * requests_each
    assert len(application.threads) == 1


class Slow(Gate):
    """Takes its time over each transaction."""

    def check_tx(self, request: abci.RequestCheckTx) -> abci.ResponseCheckTx:
        time.sleep(0.0001)
        return super().check_tx(request)


def test_a_backlog_on_one_connection_does_not_keep_another_waiting() -> None:
    application, backlog = Slow(), 2_000
    with hosted(application) as server, Peer(server.address) as mempool, Peer(server.address) as consensus:
        consensus.ask(echo("connected"))
        mempool.send(QUERY, *[check_tx(b"")] * backlog, FLUSH)
        assert application.entered.wait(DEADLINE_SECONDS)
        consensus.send(check_tx(b"vote"), FLUSH)
        application.release.set()
        assert consensus.receive().check_tx.data == b"vote"
        replies = [mempool.receive().WhichOneof("value") for _ in range(backlog + 2)]
    assert replies == ["query", *["check_tx"] * backlog, "flush"]
    assert application.calls.index(b"vote") < backlog // 2


def test_a_peer_that_does_not_take_its_replies_is_not_read_further_and_loses_none() -> None:
    application, size = Parrot(), 60_000
    with hosted(application) as server, Peer(server.address) as slow, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(slow.send, *[check_tx(bytes(size))] * 200)
        with Peer(server.address) as other:
            while len(application.calls) < 3:
                other.ask(echo("the others are served meanwhile"))
        replies = [slow.receive().check_tx.data for _ in range(200)]
        sending.result()
    assert replies == [bytes(size)] * 200


def test_a_slow_peer_holds_only_a_few_replies_in_the_servers_memory() -> None:
    application, size = Parrot(), 60_000
    with hosted(application) as server, Peer(server.address) as slow, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(slow.send, *[check_tx(bytes(size))] * 200)
        with Peer(server.address) as other:
            called = 0
            while not called or called != len(application.calls):
                called = len(application.calls)
                for _ in range(200):
                    other.ask(echo("many turns of the loop"))
        assert called < 50
        for _ in range(200):
            slow.receive()
        sending.result()


def test_a_peer_may_end_its_sending_and_still_get_every_reply() -> None:
    with hosted(Parrot()) as server, Peer(server.address) as peer:
        peer.send(*[check_tx(b"last words")] * 2_000)
        peer.end_sending()
        assert len(peer.receive_until_closed()) == 2_000


def test_a_request_and_its_reply_may_be_as_large_as_a_block() -> None:
    txs = [bytes(1_000_000)] * 20
    request = abci.Request(prepare_proposal=abci.RequestPrepareProposal(max_tx_bytes=100_000_000, txs=txs))
    with (
        hosted(Application(), max_frame_bytes=30_000_000) as server,
        Peer(server.address) as peer,
        ThreadPoolExecutor(1) as pool,
    ):
        sending = pool.submit(peer.send, request)
        assert list(peer.receive().prepare_proposal.txs) == txs
        sending.result()


def test_ending_waits_for_no_peer_that_has_its_replies() -> None:
    with hosted(Parrot()) as server, Peer(server.address) as peer, Peer(server.address) as other:
        peer.ask(echo("one"))
        other.ask(echo("two"))
        begin = time.monotonic()
        assert server.end() is None
        assert time.monotonic() - begin < 1


async def test_a_peer_that_connects_while_the_server_ends_is_turned_away() -> None:
    application = Parrot()
    server = Server(application, "tcp://127.0.0.1:0")
    await server.start()
    server.end()
    host, port = server.address.removeprefix("tcp://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(framed(check_tx(b"too late")))
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    await server.stop()
    assert application.calls == []
