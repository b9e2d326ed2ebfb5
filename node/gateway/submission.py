"""The way of one transaction from a client into a block, safe to repeat at any point."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

import grpc

from node.cometbft.blocks import CommittedTx
from node.cometbft.responses import Broadcast
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import NotFoundError, TxInCacheError, TxTooLargeError
from node.gateway.feed import BlockFeed
from node.gateway.recent_results import Outcome, RecentResults
from node.gateway.refusals import NODE_RETRY_MS, CallRefused
from node.gateway.upstreams import Upstreams
from wire.codec import CodecError, decode
from wire.results import Code
from wire.tx import MAX_TX_BYTES, Tx, tx_hash

# What CheckTx says about the second copy of a transaction that a block already holds. Any other refusal comes
# before the nonce is looked at for reasons that do not change, or after it was found unused.
_MAY_BE_IN_A_BLOCK: Final = frozenset(
    {Code.BAD_SIGNATURE, Code.EXPIRED, Code.NONCE_TOO_OLD, Code.NONCE_USED},
)
_SYNC_SECONDS: Final = 5.0


class Accepted(NamedTuple):
    """A node holds the transaction; it is in no block yet, as far as is known."""


class NotAccepted(NamedTuple):
    """The transaction was not let in and is in no block."""

    code: int
    log: str


Answer = Accepted | NotAccepted | Outcome


class Submission:
    """Submits transactions through the nodes and finds their results."""

    def __init__(self, upstreams: Upstreams, feed: BlockFeed, results: RecentResults) -> None:
        self._upstreams = upstreams
        self._feed = feed
        self._results = results

    async def submit(self, tx: bytes, wait_seconds: float) -> Answer:
        """Have a transaction put into a block; wait so long for it, not at all with 0.

        Raises:
            RpcError: no node took it; it may have arrived nevertheless, so the same bytes are to be sent again.
            CallRefused: whether it is in a block could not be found out.
        """
        malformed = envelope_error(tx)
        if malformed is not None:
            return malformed
        hash_ = tx_hash(tx)
        with self._results.watch(hash_) as outcome:
            if outcome.done():
                return outcome.result()
            answer = await self._broadcast(tx, hash_)
            if isinstance(answer, Accepted) and wait_seconds > 0:
                answer = await self._wait(tx, hash_, outcome, wait_seconds)
            return outcome.result() if outcome.done() else answer

    async def _wait(self, tx: bytes, hash_: bytes, outcome: asyncio.Future[Outcome], wait_seconds: float) -> Answer:
        """Wait for the outcome; a node that is left may be cut off with the transaction, so the next one gets it too.

        Raises: as `submit`.
        """
        clock = asyncio.get_running_loop().time
        ends = clock() + wait_seconds
        while not outcome.done() and clock() < ends:
            change = asyncio.create_task(self._upstreams.change())
            either: list[asyncio.Future[Any]] = [outcome, change]
            try:
                await asyncio.wait(either, timeout=ends - clock(), return_when=asyncio.FIRST_COMPLETED)
            finally:
                change.cancel()
            if change.done() and not outcome.done():
                answer = await self._broadcast(tx, hash_)
                if isinstance(answer, Outcome):
                    return answer
        # A refusal by the second node says nothing about the copy that the first one holds.
        return Accepted()

    async def _broadcast(self, tx: bytes, hash_: bytes) -> Answer:
        async def broadcast(client: RpcClient) -> Broadcast | NotAccepted | None:
            try:
                return await client.broadcast_tx_sync(tx)
            except TxInCacheError:
                return None
            except TxTooLargeError as error:
                return refused(Code.TX_TOO_LARGE, f"the node takes none this large ({error.reason}): split it")

        check = await self._upstreams.ask(broadcast)
        if check is None:
            # The node has it, waiting or in a block already: in the second case no block to come will tell.
            return await self.find(hash_) or Accepted()
        if isinstance(check, NotAccepted):
            return check
        if check.code == Code.OK:
            return Accepted()
        if check.code in _MAY_BE_IN_A_BLOCK:
            return await self._find_after_all_blocks(hash_) or NotAccepted(check.code, check.log)
        return NotAccepted(check.code, check.log)

    async def find(self, hash_: bytes) -> Outcome | None:
        """The outcome of a transaction in a block that is known here or to a node's index."""
        known = self._results.get(hash_)
        if known is not None:
            return known
        committed = await self.find_indexed(hash_)
        if committed is None:
            return self._results.get(hash_)
        return Outcome(committed.height, committed.index, committed.result.code, committed.result.log)

    async def find_indexed(self, hash_: bytes) -> CommittedTx | None:
        """The transaction by a node's index, which may be a moment behind the blocks."""

        async def find(client: RpcClient) -> CommittedTx | None:
            try:
                return await client.tx(hash_)
            except NotFoundError:
                return None

        return await self._upstreams.ask(find)

    async def _find_after_all_blocks(self, hash_: bytes) -> Outcome | None:
        """As `find`, once every block that the node had is looked through: CheckTx may be ahead of the feed."""
        status = await self._upstreams.ask(RpcClient.status)
        try:
            async with asyncio.timeout(_SYNC_SECONDS):
                await self._feed.reach(status.height)
        except TimeoutError:
            text = "the gateway is behind its node and cannot tell whether the transaction is in a block: send it again"
            raise CallRefused(grpc.StatusCode.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS) from None
        return await self.find(hash_)


def envelope_error(tx: bytes) -> NotAccepted | None:
    """What is wrong with a transaction before any node sees it: its size or its outer form."""
    if len(tx) > MAX_TX_BYTES:
        return refused(Code.TX_TOO_LARGE, f"the transaction has {len(tx)} bytes: send at most {MAX_TX_BYTES}; split it")
    try:
        envelope = decode(Tx, tx)
    except CodecError as error:
        return refused(Code.TX_MALFORMED, f"not a canonical transaction (vdg.tx.v1.Tx): {error}")
    if not envelope.body or not envelope.signature:
        return refused(Code.TX_MALFORMED, "not a transaction (vdg.tx.v1.Tx): body or signature is empty")
    return None


def refused(code: Code, message: str) -> NotAccepted:
    """A refusal in the application's form: the log begins with the code's name."""
    return NotAccepted(code, f"{code.name}: {message}")
