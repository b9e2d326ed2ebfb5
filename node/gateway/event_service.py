"""Streams of events and results. Each client pulls with a cursor of its own, so a slow one costs no memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Final, Protocol, TypeVar

import grpc

from node.cometbft.rpc_errors import RpcRefusedError
from node.gateway.block_record import BlockRecord
from node.gateway.feed import BlockFeed
from node.gateway.history import History
from node.gateway.refusals import NODE_RETRY_MS, CallRefused
from wire.address import ADDRESS_BYTES
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

# Fetched ahead for a stream that is behind.
PREFETCH_BLOCKS: Final = 8
# A response is closed at the item that takes it over this; gRPC's default bound for a message is 4 MiB.
RESPONSE_BYTES: Final = 256 * 1024
MAX_FILTERS: Final = 10_000


class Item(Protocol):
    """An event or a result."""

    index: int

    def ByteSize(self) -> int:  # noqa: N802 - protobuf's name
        """Its encoded size."""


AnItem = TypeVar("AnItem", bound=Item)


class EventService:
    """EventService of gateway.proto."""

    def __init__(self, feed: BlockFeed, history: History) -> None:
        self._feed = feed
        self._history = history

    async def stream(self, request: pb.StreamRequest) -> AsyncGenerator[bytes, None]:
        """Events from a cursor on, forever."""
        types, accounts = frozenset(request.types), checked_addresses("accounts", request.accounts)
        check_count("types", request.types)
        async for record, first in self._blocks(request):
            items = from_index(record.select_events(types, accounts), first)
            for page, next_index in pages(items):
                yield pb.StreamResponse(
                    height=record.height,
                    time_ns=record.time_ns,
                    events=page,
                    next=cursor_behind(record, next_index),
                    complete=next_index is None,
                ).SerializeToString()

    async def stream_results(self, request: pb.StreamResultsRequest) -> AsyncGenerator[bytes, None]:
        """Results from a cursor on, forever."""
        senders = checked_addresses("senders", request.senders)
        async for record, first in self._blocks(request):
            items = from_index(record.select_results(senders), first)
            for page, next_index in pages(items):
                yield pb.StreamResultsResponse(
                    height=record.height,
                    time_ns=record.time_ns,
                    results=page,
                    next=cursor_behind(record, next_index),
                    complete=next_index is None,
                ).SerializeToString()

    async def _blocks(
        self, request: pb.StreamRequest | pb.StreamResultsRequest
    ) -> AsyncIterator[tuple[BlockRecord, int]]:
        """Blocks from the request's cursor on, each with the index of its first item that is wanted."""
        head = self._feed.head
        if head is None:
            text = "this gateway has not seen a block yet: try again soon"
            raise CallRefused(grpc.StatusCode.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS)
        if request.chain_id and request.chain_id != head.chain_id:
            text = f"chain_id is {request.chain_id!r}, but this gateway serves {head.chain_id!r}: start without cursor"
            raise CallRefused(grpc.StatusCode.FAILED_PRECONDITION, text)
        height, index = head.height + 1, 0
        if request.HasField("from"):
            start: pb.Cursor = getattr(request, "from")
            height, index = (start.height, start.index) if start.height else (self._earliest, 0)
        while True:
            await self._feed.reach(height)
            yield await self._record(height), index
            height, index = height + 1, 0

    @property
    def _earliest(self) -> int:
        return self._feed.status.earliest_height if self._feed.status else 1

    async def _record(self, height: int) -> BlockRecord:
        head = self._feed.head
        if head is not None and head.height == height:
            return head
        if head is not None:
            self._history.prefetch(range(height, min(height + PREFETCH_BLOCKS, head.height)))
        if height < self._earliest:
            text = f"block {height} is not kept, the oldest is {self._earliest}: start there and read state anew"
            raise CallRefused(grpc.StatusCode.OUT_OF_RANGE, text)
        try:
            return await self._history.at(height)
        except RpcRefusedError as error:
            # A node that stands in may be behind, or has just begun to prune.
            text = f"the node does not have block {height} ({error.reason}): go on from the last cursor"
            raise CallRefused(grpc.StatusCode.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS) from None


def from_index(items: list[AnItem], first: int) -> list[AnItem]:
    """Those items whose place is at or behind the first."""
    return [item for item in items if item.index >= first] if first else items


def pages(items: Sequence[AnItem]) -> list[tuple[Sequence[AnItem], int | None]]:
    """Items cut into responses, each with the index to go on from; None behind the last. At least one page."""
    cut: list[tuple[Sequence[AnItem], int | None]] = []
    first = size_bytes = 0
    for place, item in enumerate(items):
        size_bytes += item.ByteSize()
        if size_bytes > RESPONSE_BYTES and place + 1 < len(items):
            cut.append((items[first : place + 1], item.index + 1))
            first, size_bytes = place + 1, 0
    cut.append((items[first:], None))
    return cut


def cursor_behind(record: BlockRecord, next_index: int | None) -> pb.Cursor:
    """The cursor of the next item of a block, or of the next block."""
    if next_index is None:
        return pb.Cursor(height=record.height + 1)
    return pb.Cursor(height=record.height, index=next_index)


def check_count(field: str, values: Sequence[Any]) -> None:
    """Raises: CallRefused INVALID_ARGUMENT when a filter has too many entries."""
    if len(values) > MAX_FILTERS:
        text = f"{field} has {len(values)} entries: at most {MAX_FILTERS}; leave it empty and choose yourself"
        raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text)


def checked_addresses(field: str, addresses: Sequence[bytes]) -> frozenset[bytes]:
    """A filter of addresses.

    Raises: CallRefused INVALID_ARGUMENT when one is no address, or there are too many.
    """
    check_count(field, addresses)
    for address in addresses:
        if len(address) != ADDRESS_BYTES:
            # Cut: a refusal travels in a header, whose size is bounded.
            start = address[:ADDRESS_BYTES].hex()
            text = f"{field} holds {start!r}… of {len(address)} bytes: an address has {ADDRESS_BYTES}"
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text)
    return frozenset(addresses)
