"""Streams that go on by themselves: typed events and results, each once, whatever breaks in between."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, NamedTuple

import grpc

from clients.common.clock import ChainClock
from clients.common.errors import GatewayError, HistoryGone, WrongChain
from clients.common.retry import Backoff
from clients.common.state_file import StateFile
from wire.codec import decode
from wire.events import UnknownEventError, event_class, event_name
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1.gateway_pb2_grpc import EventServiceStub

log = logging.getLogger(__name__)

# A named stream's place is kept after every block with events, and after so many without.
QUIET_BLOCKS: Final = 20


class Cursor(NamedTuple):
    """A place in a stream: the first item that is still to come. Height 0: the oldest block there is."""

    height: int
    place: int = 0


class ChainEvent(NamedTuple):
    """An event; `value` is None when this version does not know `type`. Ask on from `next` after it."""

    height: int
    place: int
    time_ns: int
    type: str
    value: Any
    data: bytes
    accounts: tuple[bytes, ...]
    tx_hash: bytes
    next: Cursor


class EventBatch(NamedTuple):
    """Events of one block, perhaps none. `complete`: no more of this block will come."""

    height: int
    time_ns: int
    events: tuple[ChainEvent, ...]
    next: Cursor
    complete: bool


class ChainResult(NamedTuple):
    """What became of a transaction, refused ones included; `code` is a `wire.results.Code`, or a newer version's."""

    height: int
    place: int
    time_ns: int
    tx_hash: bytes
    code: int
    log: str
    sender: bytes
    next: Cursor


class Subscriptions:
    """Opens streams. Every stream of one process shares the channel's connection."""

    def __init__(self, channel: grpc.aio.Channel, state: StateFile, clock: ChainClock) -> None:
        self._stub = EventServiceStub(channel)
        self._state = state
        self._clock = clock

    async def batches(
        self, start: Cursor | None, types: Sequence[type[Any]] = (), accounts: Sequence[bytes] = ()
    ) -> AsyncGenerator[EventBatch, None]:
        """Events in batches, at least one for each block, so that a reader knows how far it is.

        Raises:
            HistoryGone: the start is not kept any more.
            WrongChain, GatewayError: asking again would not help.
        """
        request = pb.StreamRequest(
            types=[event_name(cls) for cls in types], accounts=accounts, chain_id=self._clock.chain_id
        )
        async for response in self._responses(self._stub.Stream, request, start):
            yield event_batch(response)

    async def events(
        self,
        start: Cursor | None,
        types: Sequence[type[Any]] = (),
        accounts: Sequence[bytes] = (),
        name: str | None = None,
    ) -> AsyncGenerator[ChainEvent, None]:
        """Events one by one; see `batches`.

        With a `name`, the place is kept in the state file and `start` holds for the first time only. A block's
        events count as done when the first of another block is asked for: those of the last one may come once more
        when the stream of that name is opened again. Readers who cannot have that store events and cursor together,
        with `batches`.
        """
        if name is not None:
            start = await self._stored(name) or start
        kept_height = 0
        async for batch in self.batches(start, types, accounts):
            for event in batch.events:
                yield event
            if name is not None and (batch.events or batch.height >= kept_height + QUIET_BLOCKS):
                await self._store(name, batch.next)
                kept_height = batch.height

    async def results(self, start: Cursor | None, senders: Sequence[bytes] = ()) -> AsyncGenerator[ChainResult, None]:
        """Results of transactions one by one, of all or of some senders; raises as `batches`."""
        request = pb.StreamResultsRequest(senders=senders, chain_id=self._clock.chain_id)
        async for response in self._responses(self._stub.StreamResults, request, start):
            for item in response.results:
                yield ChainResult(
                    response.height,
                    item.index,
                    response.time_ns,
                    item.hash,
                    item.code,
                    item.log,
                    item.sender,
                    Cursor(response.height, item.index + 1),
                )

    async def _responses(self, method: Any, request: Any, start: Cursor | None) -> AsyncGenerator[Any, None]:
        """The responses of a stream that is opened again, where it was, as often as it breaks."""
        if start is None:
            # Fixed before the stream is opened: if it breaks at once, "the next block" would be a later one.
            start = Cursor((await self._clock.status()).height + 1)
        backoff = Backoff()
        while True:
            getattr(request, "from").CopyFrom(pb.Cursor(height=start.height, index=start.place))
            call = method(request)
            try:
                async for response in call:
                    yield response
                    start = Cursor(response.next.height, response.next.index)
                    backoff.reset()
                await backoff.pause()
            except grpc.aio.AioRpcError as error:
                log.info("stream broke", extra={"next": tuple(start), "reason": error.details()})
                await pause_or_raise(backoff, error)
            finally:
                call.cancel()

    async def _stored(self, name: str) -> Cursor | None:
        rows = await self._state.read("SELECT height, place FROM cursors WHERE name = ?", name)
        return Cursor(*rows[0]) if rows else None

    async def _store(self, name: str, cursor: Cursor) -> None:
        sql = "INSERT OR REPLACE INTO cursors (name, height, place) VALUES (?, ?, ?)"
        await self._state.write((sql, (name, cursor.height, cursor.place)))


async def pause_or_raise(backoff: Backoff, error: grpc.aio.AioRpcError) -> None:
    """Sleep before the stream is opened again.

    Raises:
        HistoryGone, WrongChain, GatewayError: it need not be.
    """
    if error.code() is grpc.StatusCode.OUT_OF_RANGE:
        raise HistoryGone(error.details()) from error
    if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
        raise WrongChain(error.details()) from error
    if error.code() is grpc.StatusCode.CANCELLED:
        raise GatewayError("the channel was closed while a stream was read") from error
    await backoff.pause(error)


def event_batch(response: pb.StreamResponse) -> EventBatch:
    """The events of a response, decoded."""
    events = tuple(
        ChainEvent(
            response.height,
            item.index,
            response.time_ns,
            item.type,
            value_of(item),
            item.data,
            tuple(item.accounts),
            item.tx_hash,
            Cursor(response.height, item.index + 1),
        )
        for item in response.events
    )
    next_ = Cursor(response.next.height, response.next.index)
    return EventBatch(response.height, response.time_ns, events, next_, response.complete)


def value_of(item: pb.Event) -> Any:
    """The event as a value of `wire`; None for a type of a newer version."""
    try:
        cls = event_class(item.type)
    except UnknownEventError:
        log.debug("event of an unknown type", extra={"type": item.type})
        return None
    return decode(cls, item.data)
