"""The chain as a client sees it: submit, query, follow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from clients.common.channel import Tls, open_channel
from clients.common.clock import ChainClock
from clients.common.errors import WrongChain
from clients.common.query import DEFAULT_PATIENCE_SECONDS, Queries
from clients.common.state_file import StateFile
from clients.common.submit import DEFAULT_EXPIRY_SECONDS, Receipt, Submitter
from clients.common.subscribe import ChainEvent, ChainResult, Cursor, EventBatch, Subscriptions
from clients.common.trust import TrustSection
from clients.common.verified import VerifiedReads
from clients.common.wallet import Wallet
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb


class Chain:
    """A connection to a chain through a gateway; safe for any number of concurrent calls of one event loop.

    ::

        async with await Chain.open("127.0.0.1:7443", state=Path("agent.db")) as chain:
            receipt = await chain.submit(wallet, market.PlaceOrder(...), key="order/winter/4711")
            book = await chain.query(market.GetBookRequest("winter", "intraday", 4711))
            async for event in chain.events(types=[market.ContractMade], accounts=[wallet.address], name="mine"):
                ...
    """

    def __init__(self, channel: grpc.aio.Channel, state: StateFile, clock: ChainClock) -> None:
        """Use `open`."""
        self._channel = channel
        self._state = state
        self._clock = clock
        self._queries = Queries(channel)
        self._submitter = Submitter(channel, state, clock.chain_id, clock, self._queries)
        self._subscriptions = Subscriptions(channel, state, clock)

    @classmethod
    async def open(
        cls, target: str, *, state: Path | None = None, tls: Tls | None = None, chain_id: str | None = None
    ) -> Self:
        """Connect, and go on with the transactions that an earlier process left without result.

        Waits for a gateway as long as it takes; use `asyncio.timeout` around it to bound that.

        Args:
            target: `host:port`, or several gateways of one chain as `ipv4:10.0.0.1:7443,10.0.0.2:7443`.
            state: the state file, of this process alone; with None a crash forgets what was under way.
            tls: for TLS or mutual TLS.
            chain_id: refuse any other chain.

        Raises:
            StateError, WrongChain, GatewayError, ChainError: see `clients.common.errors`.
        """
        channel = open_channel(target, tls)
        try:
            clock = ChainClock(channel)
            await clock.status()
            if chain_id is not None and clock.chain_id != chain_id:
                raise WrongChain(f"the gateway at {target} serves chain {clock.chain_id!r}, not {chain_id!r}")
            file = await StateFile.open(state, clock.chain_id)
        except BaseException:
            await channel.close()
            raise
        chain = cls(channel, file, clock)
        await chain._submitter.resume()
        return chain

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop; transactions without result go on when the state file is opened again."""
        await self._submitter.close()
        await self._channel.close()
        await self._state.close()

    @property
    def chain_id(self) -> str:
        """The chain's name, which signatures are for."""
        return self._clock.chain_id

    @property
    def under_way(self) -> int:
        """How many transactions have no result yet, those of an earlier process included."""
        return self._submitter.under_way

    async def now_s(self) -> int:
        """The chain's time in Unix seconds, about."""
        return await self._clock.now_s()

    async def status(self) -> pb.StatusResponse:
        """The last block that the gateway has seen."""
        return await self._clock.status()

    async def cursor(self) -> Cursor:
        """The place behind the last block: whoever takes it before acting, and follows from it, misses nothing."""
        return Cursor((await self._clock.status()).height + 1)

    async def submit(
        self, wallet: Wallet, message: Any, *, key: str | None = None, expires_in_s: int = DEFAULT_EXPIRY_SECONDS
    ) -> Receipt:
        """Have a message of `wire.tx.MESSAGES` executed exactly once; see `Submitter.submit`.

        Raises: Refused, Expired, GatewayError, StateError.
        """
        return await self._submitter.submit(wallet, message, key=key, expires_in_s=expires_in_s)

    async def query(self, request: Any, *, patience_seconds: float = DEFAULT_PATIENCE_SECONDS) -> Any:
        """The response to a request of `wire`, as GetBookResponse to GetBookRequest.

        Raises: GatewayError, Unavailable.
        """
        return await self._queries.ask(request, patience_seconds=patience_seconds)

    async def told(self, request: Any) -> Any:
        """As `query`, but what the gateway says, also where a subclass would have it proved.

        Raises: GatewayError, Unavailable.
        """
        return await Chain.query(self, request)

    async def verified(self, trust: TrustSection, *, file: Path | None = None) -> VerifiedReads:
        """Reads that believe nothing of what the gateway says but what is proved to them.

        ``file`` keeps the newest verified header for the next process.

        Raises: ConfigurationError, Unverified, Unavailable.
        """
        return await VerifiedReads.open(self._channel, self.chain_id, trust, file)

    def pages(self, request: Any, *, patience_seconds: float = DEFAULT_PATIENCE_SECONDS) -> AsyncGenerator[Any, None]:
        """All pages of a request that has a `page_token`."""
        return self._queries.pages(request, patience_seconds=patience_seconds)

    def events(
        self,
        *,
        start: Cursor | None = None,
        types: Sequence[type[Any]] = (),
        accounts: Sequence[bytes] = (),
        name: str | None = None,
    ) -> AsyncGenerator[ChainEvent, None]:
        """Events from a cursor on, forever; see `Subscriptions.events`.

        Without `start`, from the next block when the first event is asked for; take `cursor` to fix it earlier.

        Raises: HistoryGone, WrongChain, GatewayError.
        """
        return self._subscriptions.events(start, types, accounts, name)

    def batches(
        self, *, start: Cursor | None = None, types: Sequence[type[Any]] = (), accounts: Sequence[bytes] = ()
    ) -> AsyncGenerator[EventBatch, None]:
        """As `events`, a batch for each block at least: for readers that store events and cursor together."""
        return self._subscriptions.batches(start, types, accounts)

    def results(
        self, *, start: Cursor | None = None, senders: Sequence[bytes] = ()
    ) -> AsyncGenerator[ChainResult, None]:
        """Results of transactions, refused ones included, from a cursor on."""
        return self._subscriptions.results(start, senders)
