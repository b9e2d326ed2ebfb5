"""Transactions that happen exactly once: signed once, kept, and sent as the same bytes until there is a result."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import grpc

from clients.common.clock import ChainClock
from clients.common.errors import Expired, Refused, code_of
from clients.common.nonces import NonceSource
from clients.common.outbox import Entry, Outbox
from clients.common.query import Queries
from clients.common.retry import Backoff
from clients.common.state_file import StateFile
from clients.common.wallet import Wallet
from wire.accounts import GetAccountRequest
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1.gateway_pb2_grpc import TxServiceStub
from wire.results import Code
from wire.tx import TxBody, assemble, tx_hash

log = logging.getLogger(__name__)

DEFAULT_EXPIRY_SECONDS: Final = 120
# How long one call waits for a block; the next call goes on waiting.
CALL_SECONDS: Final = 15.0

# Refusals of a node that pass: the next block makes room.
_PASSING: Final = frozenset({Code.QUOTA_EXCEEDED})
# Refusals that hold even if an earlier copy may be waiting in some node's mempool: it can be in no block any more.
# The gateway has made sure that it is in none already.
_FINAL_FOR_ALL_COPIES: Final = frozenset({Code.EXPIRED, Code.NONCE_TOO_OLD, Code.NONCE_USED})


class Receipt(NamedTuple):
    """A transaction that was executed: its block and its place there."""

    tx_hash: bytes
    height: int
    place: int


class Submitter:
    """Sends the transactions of any number of wallets and sees each through to its result."""

    def __init__(
        self, channel: grpc.aio.Channel, state: StateFile, chain_id: str, clock: ChainClock, queries: Queries
    ) -> None:
        self._stub = TxServiceStub(channel)
        self._state = state
        self._outbox = Outbox(state)
        self._chain_id = chain_id
        self._clock = clock
        self._queries = queries
        self._nonces: dict[bytes, NonceSource] = {}
        self._opening = asyncio.Lock()
        self._under_way: dict[bytes, tuple[Entry, asyncio.Task[Entry]]] = {}
        self._by_key: WeakValueDictionary[tuple[bytes, str], asyncio.Lock] = WeakValueDictionary()

    @property
    def under_way(self) -> int:
        """How many transactions have no result yet."""
        return len(self._under_way)

    async def resume(self) -> int:
        """Go on with what an earlier process left without result; how many there are."""
        entries = await self._outbox.pending()
        for entry in entries:
            self._drive(entry, uncertain=True)
        return len(entries)

    async def submit(
        self, wallet: Wallet, message: Any, *, key: str | None = None, expires_in_s: int = DEFAULT_EXPIRY_SECONDS
    ) -> Receipt:
        """Have a message executed; returns once it is in a block.

        Cancelling stops the waiting alone: the transaction goes on, also in the next process with the same state
        file.

        Args:
            wallet: who sends it.
            message: one of `wire.tx.MESSAGES`.
            key: a name for what this does. A second call with it, in any later process too, sends nothing: it gives
                the first one's result, refused ones included.
            expires_in_s: seconds of block time after which it may not be executed any more.

        Raises:
            Expired: it was in no block in time.
            Refused: it will have no effect.
            GatewayError: the gateway takes no such call.
            StateError: it could not be kept, and was not sent.
        """
        if key is None:
            return await self._send_new(wallet, message, None, expires_in_s)
        # Two calls at once with one key must not both find it unused.
        lock = self._by_key.setdefault((wallet.address, key), asyncio.Lock())
        async with lock:
            known = await self._outbox.by_key(wallet.address, key)
            if known is None:
                return await self._send_new(wallet, message, key, expires_in_s)
        if not known.resolved:
            known = await asyncio.shield(self._drive(known, uncertain=True))
        return receipt_of(known)

    async def _send_new(self, wallet: Wallet, message: Any, key: str | None, expires_in_s: int) -> Receipt:
        entry = await self._sign(wallet, message, key, expires_in_s)
        return receipt_of(await asyncio.shield(self._drive(entry, uncertain=False)))

    async def _sign(self, wallet: Wallet, message: Any, key: str | None, expires_in_s: int) -> Entry:
        nonces = await self._nonces_of(wallet.address)
        nonce = await nonces.take()
        try:
            expires_s = await self._clock.now_s() + expires_in_s
            tx = assemble(TxBody(self._chain_id, wallet.address, nonce, expires_s, message), wallet.sign)
            entry = Entry(tx_hash(tx), wallet.address, nonce, key, tx, expires_s)
            await self._outbox.add(entry)
        except BaseException:
            # It was not sent, so its nonce stays a gap.
            nonces.resolve(nonce)
            raise
        return entry

    async def _nonces_of(self, address: bytes) -> NonceSource:
        async with self._opening:
            if address not in self._nonces:
                account = await self._queries.ask(GetAccountRequest(address))
                highest = account.nonces.highest if account.nonces else 0
                nonces = await NonceSource.open(self._state, address, highest)
                for entry, _ in self._under_way.values():
                    if entry.address == address:
                        nonces.hold(entry.nonce)
                self._nonces[address] = nonces
            return self._nonces[address]

    def _drive(self, entry: Entry, *, uncertain: bool) -> asyncio.Task[Entry]:
        if entry.hash in self._under_way:
            return self._under_way[entry.hash][1]
        task = asyncio.create_task(self._see_through(entry, uncertain))
        self._under_way[entry.hash] = entry, task
        task.add_done_callback(lambda done: self._settle(entry, done))
        return task

    def _settle(self, entry: Entry, done: asyncio.Task[Entry]) -> None:
        del self._under_way[entry.hash]
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            # Whoever waits gets the error; nobody does for what was resumed.
            log.error("transaction given up for now", extra={"hash": entry.hash.hex(), "reason": str(error)})
        elif entry.address in self._nonces:
            self._nonces[entry.address].resolve(entry.nonce)

    async def _see_through(self, entry: Entry, uncertain: bool) -> Entry:
        """Send until there is a result. `uncertain`: a node may hold an earlier copy."""
        backoff = Backoff()
        expired = False
        request = pb.SubmitRequest(tx=entry.tx, until=pb.UNTIL_IN_BLOCK)
        while True:
            try:
                answer = await self._stub.Submit(request, timeout=CALL_SECONDS)
            except grpc.aio.AioRpcError as error:
                uncertain = True
                log.info("sending again", extra={"hash": entry.hash.hex(), "reason": error.details()})
                await backoff.pause(error)
                continue
            if answer.state == pb.TX_STATE_ACCEPTED and expired:
                text = f"expires_s = {entry.expires_s}: block time is later, and no block has it"
                return await self._outbox.resolve(entry, code=Code.EXPIRED, log=text, height=0, place=0)
            if answer.state == pb.TX_STATE_ACCEPTED:
                # A node may remember bytes that it has dropped. Once a block is past the expiry, one more answer
                # like this settles that it is in none.
                expired = await self._clock.block_time_s() > entry.expires_s
                uncertain = True
                backoff.reset()
            elif answer.state == pb.TX_STATE_IN_BLOCK or is_final(answer.code, uncertain):
                return await self._outbox.resolve(
                    entry, code=answer.code, log=answer.log, height=answer.height, place=answer.index
                )
            else:
                log.info("refused for now", extra={"hash": entry.hash.hex(), "reason": answer.log})
                await backoff.pause()

    async def close(self) -> None:
        """Stop sending. What has no result yet is resumed by the next process."""
        tasks = [task for _, task in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def is_final(code: int, uncertain: bool) -> bool:
    """Whether a node's refusal means that the transaction will never be in a block."""
    return code in _FINAL_FOR_ALL_COPIES if uncertain else code not in _PASSING


def receipt_of(entry: Entry) -> Receipt:
    """The receipt of a resolved transaction.

    Raises:
        Refused, Expired: it was not executed.
    """
    code = code_of(entry.code)
    if code is Code.OK:
        return Receipt(entry.hash, entry.height, entry.place)
    kind = Expired if code is Code.EXPIRED else Refused
    raise kind(code, entry.log, tx_hash=entry.hash, height=entry.height)
