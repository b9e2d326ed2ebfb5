"""An asynchronous JSON-RPC client for one CometBFT node (rpc/core/routes.go at the pinned tag)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiohttp

from node.cometbft.blocks import Block, BlockResults, CommittedBlock, CommittedTx
from node.cometbft.responses import AppInfo, Broadcast, MempoolSize, Peer, QueryAnswer, Status, Validator
from node.cometbft.rpc_errors import RpcMalformedError, RpcUnreachableError, refusal
from wire.go_json import Json, to_base64
from wire.light.block import LightBlock
from wire.light.json_form import parse_light_block

DEFAULT_TIMEOUT_SECONDS: Final = 10.0
# CometBFT's own bound on `validators`.
VALIDATORS_PER_PAGE: Final = 100

T = TypeVar("T")


class RpcClient:
    """Asks one node; use it as `async with RpcClient(url) as rpc`, or call `close()`.

    Safe for any number of concurrent calls. Every call raises RpcUnreachableError, RpcMalformedError or
    RpcRefusedError (and its kinds) from `node.cometbft.rpc_errors`, and nothing else.
    """

    def __init__(self, url: str, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS, connections: int = 64) -> None:
        """`url` is like "http://127.0.0.1:26657"; `connections` bounds the sockets this client opens."""
        self.url = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, opened at the first use because it belongs to the running event loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    async def call(self, method: str, **params: Any) -> Any:
        """Any method by name; parameters as CometBFT's JSON wants them (64-bit numbers and heights as strings)."""
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            async with self.session.post(self.url, json=request, timeout=self._timeout) as response:
                body = await response.read()
        except TimeoutError as error:
            raise RpcUnreachableError(f"{method} at {self.url}: no answer within {self._timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise RpcUnreachableError(f"{method} at {self.url}: {error or type(error).__name__}") from error
        return self._result(method, body)

    def _result(self, method: str, body: bytes) -> Any:
        try:
            answer = json.loads(body)
            if error := answer.get("error"):
                raise refusal(method, self.url, int(error["code"]), error.get("data") or error["message"])
            return answer["result"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RpcMalformedError(f"{method} at {self.url} answered {body[:200]!r}") from error

    async def _ask(self, parse: Callable[[Json], T], method: str, **params: Any) -> T:
        answer = await self.call(method, **params)
        try:
            return parse(answer)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RpcMalformedError(f"{method} at {self.url} answered {str(answer)[:200]}") from error

    async def status(self) -> Status:
        """Where the node stands."""
        return await self._ask(Status.from_json, "status")

    async def broadcast_tx_sync(self, tx: bytes) -> Broadcast:
        """Send a transaction and wait for CheckTx.

        Raises:
            TxInCacheError, MempoolFullError, TxTooLargeError, CatchingUpError: as their names say.
        """
        return await self._ask(Broadcast.from_json, "broadcast_tx_sync", tx=to_base64(tx))

    async def broadcast_tx_async(self, tx: bytes) -> Broadcast:
        """Send a transaction without waiting for CheckTx; raises as `broadcast_tx_sync`."""
        return await self._ask(Broadcast.from_json, "broadcast_tx_async", tx=to_base64(tx))

    async def tx(self, tx_hash: bytes) -> CommittedTx:
        """A committed transaction by its SHA-256; NotFoundError until the indexer has it."""
        return await self._ask(CommittedTx.from_json, "tx", hash=to_base64(tx_hash), prove=False)

    async def block(self, height: int | None = None) -> Block:
        """A block, the latest by default; NotFoundError for a height that is not there."""
        return await self._ask(Block.from_json, "block", **at(height))

    async def block_results(self, height: int | None = None) -> BlockResults:
        """The results of a block, the latest by default; NotFoundError for a height that is not there."""
        return await self._ask(BlockResults.from_json, "block_results", **at(height))

    async def committed_block(self, height: int) -> CommittedBlock:
        """A block together with its results."""
        return CommittedBlock(await self.block(height), await self.block_results(height))

    async def commit(self, height: int | None = None) -> Json:
        """The signed header at a height, as the node's JSON, for whoever verifies it."""
        answer: Json = await self.call("commit", **at(height))
        return answer

    async def validators(self, height: int | None = None) -> tuple[Validator, ...]:
        """The whole validator set at a height, in its canonical order."""
        return tuple(Validator.from_json(item) for item in await self._validators(height))

    async def light_block(self, height: int | None = None) -> LightBlock:
        """Header, commit and validators of a height, the latest by default, verified by nobody yet."""
        # The latest may be another one by the time that its validators are asked for.
        signed_header, found = await self._ask(parse_signed_header, "commit", **at(height))
        validators = await self._validators(found)
        try:
            return parse_light_block(signed_header, validators)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RpcMalformedError(f"commit and validators at {self.url} answered what is no light block") from error

    async def _validators(self, height: int | None) -> list[Json]:
        found: list[Json] = []
        for page in itertools.count(1):
            place = {"page": str(page), "per_page": str(VALIDATORS_PER_PAGE)}
            members, total = await self._ask(parse_validators, "validators", **at(height), **place)
            found += members
            if len(found) >= total or not members:
                break
        return found

    async def abci_query(self, path: str, data: bytes = b"", *, height: int = 0, prove: bool = False) -> QueryAnswer:
        """Ask the application; height 0 is the newest it can answer for."""
        return await self._ask(
            QueryAnswer.from_json, "abci_query", path=path, data=data.hex(), height=str(height), prove=prove
        )

    async def abci_info(self) -> AppInfo:
        """The application's name, version, last height and app hash."""
        return await self._ask(AppInfo.from_json, "abci_info")

    async def net_info(self) -> tuple[Peer, ...]:
        """The peers that the node is connected to."""
        return await self._ask(lambda data: tuple(map(Peer.from_json, data["peers"] or ())), "net_info")

    async def num_unconfirmed_txs(self) -> MempoolSize:
        """How full the mempool is."""
        return await self._ask(MempoolSize.from_json, "num_unconfirmed_txs")


def at(height: int | None) -> dict[str, str]:
    """The parameter that names a height, left out for the latest."""
    return {} if height is None else {"height": str(height)}


def parse_signed_header(data: Json) -> tuple[Json, int]:
    """A signed header, still as JSON, and its height."""
    signed_header = data["signed_header"]
    return signed_header, int(signed_header["header"]["height"])


def parse_validators(data: Json) -> tuple[list[Json], int]:
    """One page of the validator set and the size of the whole."""
    return list(data["validators"]), int(data["total"])
