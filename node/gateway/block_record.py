"""A committed block as streams need it: events and results with their places, ready to be sent."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from google.protobuf.message import DecodeError

from node.cometbft.blocks import CommittedBlock, Event
from node.cometbft.rpc_errors import RpcMalformedError
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.tx.v1 import tx_pb2
from wire.tx import tx_hash

# What an item takes in memory beyond its encoded size, roughly (measured with tracemalloc).
_ITEM_OVERHEAD_BYTES = 250


@dataclass(frozen=True)
class BlockRecord:
    """A block's events and results. `app_hash` is the state after it; `index` of an item is its place in the tuple."""

    height: int
    time_ns: int
    chain_id: str
    app_hash: bytes
    events: tuple[pb.Event, ...]
    results: tuple[pb.TxResult, ...]

    @classmethod
    def of(cls, committed: CommittedBlock) -> BlockRecord:
        """Take what streams need from a block.

        Raises:
            RpcMalformedError: an event is not as the application writes them (docs/gateway.md), or a result is
                missing.
        """
        block, outcome = committed.block, committed.results
        if len(block.txs) != len(outcome.tx_results):
            raise RpcMalformedError(
                f"block {block.height} has {len(block.txs)} transactions and {len(outcome.tx_results)} results"
            )
        results = tuple(
            pb.TxResult(index=index, hash=tx_hash(tx), code=result.code, log=result.log, sender=sender_of(tx))
            for index, (tx, result) in enumerate(zip(block.txs, outcome.tx_results, strict=True))
        )
        events = [decode_event(event, b"") for event in outcome.events]
        for place, result in zip(results, outcome.tx_results, strict=True):
            events += [decode_event(event, place.hash) for event in result.events]
        for index, event in enumerate(events):
            event.index = index
        return cls(block.height, block.time_ns, block.chain_id, outcome.app_hash, tuple(events), results)

    @cached_property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        items = (*self.events, *self.results)
        return sum(item.ByteSize() + _ITEM_OVERHEAD_BYTES for item in items) + _ITEM_OVERHEAD_BYTES

    @cached_property
    def _by_account(self) -> dict[bytes, list[int]]:
        places: dict[bytes, list[int]] = defaultdict(list)
        for event in self.events:
            for account in event.accounts:
                places[account].append(event.index)
        return places

    @cached_property
    def _by_type(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for event in self.events:
            places[event.type].append(event.index)
        return places

    @cached_property
    def _by_sender(self) -> dict[bytes, list[int]]:
        places: dict[bytes, list[int]] = defaultdict(list)
        for result in self.results:
            places[result.sender].append(result.index)
        return places

    def select_events(self, types: frozenset[str], accounts: frozenset[bytes]) -> list[pb.Event]:
        """Events of one of the types and concerning one of the accounts; an empty filter lets all pass."""
        if not types and not accounts:
            return list(self.events)
        chosen = set(range(len(self.events)))
        if accounts:
            chosen = {place for account in accounts for place in self._by_account.get(account, ())}
        if types:
            chosen &= {place for name in types for place in self._by_type.get(name, ())}
        return [self.events[place] for place in sorted(chosen)]

    def select_results(self, senders: frozenset[bytes]) -> list[pb.TxResult]:
        """Results of the senders' transactions; an empty filter lets all pass."""
        if not senders:
            return list(self.results)
        places = sorted(place for sender in senders for place in self._by_sender.get(sender, ()))
        return [self.results[place] for place in places]


def decode_event(event: Event, hash_: bytes) -> pb.Event:
    """An event from its attributes: `data` (base64 of the canonical bytes) and any number of `account` (hex).

    Raises:
        RpcMalformedError: `data` is missing or repeated, or an attribute is not encoded so.
    """
    data = [value for key, value in event.attributes if key == "data"]
    try:
        (encoded,) = data
        return pb.Event(
            type=event.type,
            data=base64.b64decode(encoded, validate=True),
            accounts=[bytes.fromhex(value) for key, value in event.attributes if key == "account"],
            tx_hash=hash_,
        )
    except (ValueError, binascii.Error) as error:
        raise RpcMalformedError(f"event {event.type} of the application is malformed: {error}") from error


def decode_events(events: Iterable[Event], hash_: bytes) -> list[pb.Event]:
    """The events of one transaction."""
    return [decode_event(event, hash_) for event in events]


def sender_of(tx: bytes) -> bytes:
    """Who signed a transaction; empty when it cannot be read, as a block may hold refused garbage."""
    try:
        return tx_pb2.TxBody.FromString(tx_pb2.Tx.FromString(tx).body).sender
    except DecodeError:
        return b""
