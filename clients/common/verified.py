"""Reads that trust no gateway: every value is proved, against a header that the validators signed, and is recent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import grpc

from clients.common.errors import GatewayError, Unavailable
from clients.common.light_blocks import GatewayBlocks, RpcBlocks
from clients.common.query import Queries
from clients.common.retry import Backoff
from clients.common.trust import TrustFile, TrustSection, beginning
from wire.codec import CodecError, decode
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1.gateway_pb2_grpc import StoreServiceStub
from wire.light.client import BlockUnavailable, LightClient, Verified
from wire.light.hashing import NANOSECONDS
from wire.merkle import ProofOp
from wire.proof import verified_value
from wire.state_keys import Item
from wire.unverified import Reason, Unverified
from wire.verifiable import MAX_ENTRIES, Listed, verifiable

log = logging.getLogger(__name__)

CALL_SECONDS: Final = 5.0
DEFAULT_PATIENCE_SECONDS: Final = 30.0
# How often a list is asked for again when blocks came in between.
_LIST_TRIES: Final = 3
_AT_ONCE: Final = 32
_MAX_HEIGHT: Final = 1 << 62


class _HeightGone(Exception):
    """The blocks since have pushed a height out of the versions that nodes keep."""


class ProvenItem(NamedTuple):
    """An item at a height, its value (None: there is none), and what proves it: operators and the next header."""

    item: Item[Any]
    height: int
    data: bytes | None
    ops: tuple[ProofOp, ...]
    header: Verified

    @property
    def value(self) -> Any:
        """The value as a message, or None. Raises: Unverified MALFORMED for a value of another type."""
        if self.data is None:
            return None
        try:
            return decode(self.item.type, self.data)
        except CodecError as error:
            raise Unverified(Reason.MALFORMED, f"the proved value is no {self.item.type.__name__}: {error}") from error


class VerifiedReads:
    """Asks a gateway for values with proofs, and believes what follows from signed headers.

    Later reads never see an older state than earlier ones did.
    """

    def __init__(
        self, channel: grpc.aio.Channel, light: LightClient, *, max_age_seconds: int, file: TrustFile | None = None
    ) -> None:
        """``max_age_seconds``: a header that is older is not taken for the chain's present. ``file`` keeps trust."""
        self._store = StoreServiceStub(channel)
        self._queries = Queries(channel)
        self._light = light
        self._max_age_seconds = max_age_seconds
        self._file = file
        self._seen_height = 0

    @classmethod
    async def open(
        cls, channel: grpc.aio.Channel, chain_id: str, trust: TrustSection, file_path: Path | None = None
    ) -> Self:
        """Reads through a gateway's channel, from the beginning that is configured, or where the file has come to.

        Raises: ConfigurationError, Unverified; Unavailable when the gateway does not give the trusted header.
        """
        blocks = GatewayBlocks(channel)
        try:
            root = await beginning(trust, chain_id, blocks)
        except BlockUnavailable as error:
            raise Unavailable(str(error)) from error
        file = TrustFile(file_path, root) if file_path else None
        anchor = (file.load() if file else None) or root
        witnesses = [RpcBlocks(url) for url in trust.witnesses]
        light = LightClient(blocks, anchor, time.time_ns, trust=trust.reach, witnesses=witnesses)
        return cls(channel, light, max_age_seconds=trust.max_age_seconds, file=file)

    @property
    def light(self) -> LightClient:
        """The light client that verifies the headers."""
        return self._light

    async def ask(self, request: Any, *, at_least: int = 0, patience_seconds: float = DEFAULT_PATIENCE_SECONDS) -> Any:
        """The response to a request of `wire.verifiable`, made of proved values alone, of height ``at_least`` or later.

        Raises:
            Unverified: the query can't be verified, or what the gateway says is not true.
            Unavailable, GatewayError: as `Queries.ask`.
        """
        how = verifiable(type(request))
        try:
            async with asyncio.timeout(patience_seconds):
                if isinstance(how, Listed):
                    return await self._ask_list(how, request, at_least)
                items = _keys(partial(how.items, request))
                return how.answer(request, [proven.value for proven in await self.prove(items, at_least)])
        except TimeoutError:
            raise Unavailable(f"{type(request).__name__}: no verified answer within {patience_seconds:g} s") from None
        except BlockUnavailable as error:
            raise Unavailable(str(error)) from error

    async def prove(self, items: Sequence[Item[Any]], at_least: int = 0) -> list[ProvenItem]:
        """Items, all of one height: the newest that can be proved, or ``at_least`` once it can be.

        Raises: Unverified, GatewayError; BlockUnavailable when the gateway has no header for its own proof.
        """
        wanted = max(self._seen_height, at_least)
        while True:
            first = await self._get(items[0], 0)
            if first.height < wanted:
                first = await self._catch_up(items[0], wanted)
            try:
                return await self._prove_at(first, items)
            except _HeightGone as gone:
                log.debug("%s: asking again", gone)

    async def _prove_at(self, first: pb.GetResponse, items: Sequence[Item[Any]]) -> list[ProvenItem]:
        """Prove the other items at the height that the first was answered at. Raises: _HeightGone."""
        height, gate = first.height, asyncio.Semaphore(_AT_ONCE)

        async def other(item: Item[Any]) -> pb.GetResponse:
            async with gate:
                return await self._get(item, height)

        reading = asyncio.gather(*(other(item) for item in items[1:]))
        header, others = await asyncio.gather(self._light.block_at(height + 1), reading)
        self._check_age(header)
        answers = zip(items, [first, *others], strict=True)
        proven = [_proven(item, height, answer, header) for item, answer in answers]
        self._seen_height = max(self._seen_height, height)
        if self._file is not None:
            self._file.keep(header.block)
        return proven

    async def _ask_list(self, how: Listed, request: Any, at_least: int) -> Any:
        tries, refused = 0, None
        while True:
            tries += 1
            claimed = await self._claimed(request)
            entries = _keys(partial(how.entries, request, claimed))
            if len(entries) > MAX_ENTRIES:
                text = f"a list of {len(entries)} entries: at most {MAX_ENTRIES} are verified at once"
                raise Unverified(Reason.OVERSIZED, text)
            if len({item.key for item in entries}) != len(entries):
                raise Unverified(Reason.CONTRADICTION, "the answer names an entry twice")
            items = [how.total(request), *entries]
            try:
                proven = await self.prove(items, at_least)
            except Unverified as late:
                # No later state came to judge the answer by, so what was said of it holds.
                raise (refused or late) from late
            total, *values = [one.value for one in proven]
            try:
                if None in values:
                    raise Unverified(Reason.CONTRADICTION, "the answer names entries that the state does not have")
                return how.answer(request, total, values)
            except Unverified as refusal:
                if refusal.reason is not Reason.CONTRADICTION or tries == _LIST_TRIES:
                    raise
                # Blocks came in between, perhaps. A list is of the last block, which can be proved only after the next.
                refused, at_least = refusal, proven[0].height + 1

    async def _claimed(self, request: Any) -> Any:
        """What the gateway says, all pages of it. Nothing of it is believed."""
        if "page_token" not in request._fields:
            return await self._queries.ask(request)
        whole: Any = None
        async for page in self._queries.pages(request._replace(page_token=b"")):
            # The list is the first field of every paged response.
            whole = page if whole is None else page._replace(**{page._fields[0]: whole[0] + page[0]})
            if len(whole[0]) > MAX_ENTRIES:
                break
        return whole

    async def _catch_up(self, item: Item[Any], wanted: int) -> pb.GetResponse:
        """Ask until the gateway proves a height that is known to be there. Raises: Unverified STALE."""
        backoff = Backoff()
        ends_at = time.monotonic() + self._max_age_seconds / 10
        while True:
            answer = await self._get(item, 0)
            if answer.height >= wanted:
                return answer
            if time.monotonic() > ends_at:
                text = (
                    f"the gateway answers from height {answer.height}, an earlier answer was from {self._seen_height}"
                )
                raise Unverified(Reason.STALE, text)
            await asyncio.sleep(backoff.next_seconds())

    def _check_age(self, header: Verified) -> None:
        age_seconds = (self._light.now_ns() - header.block.header.time_ns) // NANOSECONDS
        if age_seconds > self._max_age_seconds:
            text = (
                f"the newest that the gateway proves is {age_seconds} s old (height {header.block.height}), more than "
                f"{self._max_age_seconds} s: either the chain stands still, or the gateway keeps the present back"
            )
            raise Unverified(Reason.STALE, text)

    async def _get(self, item: Item[Any], height: int) -> pb.GetResponse:
        """What the gateway says about an item. Raises: GatewayError when it refuses for good."""
        backoff = Backoff()
        request = pb.GetRequest(store=item.store, key=item.key, height=height, prove=True)
        while True:
            try:
                answer: pb.GetResponse = await self._store.Get(request, timeout=CALL_SECONDS)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.OUT_OF_RANGE:
                    if height:
                        raise _HeightGone(f"height {height} is not provable any more") from error
                    # There is no block yet that can be proved.
                    await backoff.pause()
                    continue
                try:
                    await backoff.pause(error)
                except GatewayError as refused:
                    raise GatewayError(f"/store/{item.store}/key: {refused}") from error
                continue
            if answer.height > _MAX_HEIGHT or (height and answer.height != height):
                text = f"asked for height {height or '(the newest)'}, the gateway answers for {answer.height}"
                raise Unverified(Reason.WRONG_HEIGHT, text)
            return answer


def _proven(item: Item[Any], height: int, answer: pb.GetResponse, header: Verified) -> ProvenItem:
    ops = tuple(ProofOp(op.type, op.key, op.data) for op in answer.proof.ops)
    data = verified_value(header.block.header.app_hash, item.store, item.key, answer.value, ops)
    return ProvenItem(item, height, data, ops, header)


def _keys(make: Callable[[], Sequence[Item[Any]]]) -> list[Item[Any]]:
    """Items whose keys are made of numbers and names that somebody gave. Raises: Unverified MALFORMED."""
    try:
        return list(make())
    except (ValueError, OverflowError) as error:
        raise Unverified(Reason.MALFORMED, f"no key of the state can be made of it: {error}") from error
