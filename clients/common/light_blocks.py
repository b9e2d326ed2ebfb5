"""Where a light client gets its light blocks: from a gateway, or from any CometBFT node's JSON-RPC."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import grpc

from clients.common.retry import Backoff
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1.gateway_pb2_grpc import LightServiceStub
from wire.light.block import LightBlock
from wire.light.client import BlockUnavailable
from wire.light.json_form import light_block_from_json
from wire.light.proto_form import light_block_from_proto
from wire.strict_json import read_json
from wire.unverified import Reason, Unverified

if TYPE_CHECKING:
    import aiohttp

CALL_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 10.0
# A header with 10,000 signatures has less.
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
# CometBFT's own bound.
_PER_PAGE: Final = 100


class _NotThere(Exception):
    """A node refused: as a rule, the block is still to come."""


class GatewayBlocks:
    """Light blocks through a gateway, which passes on what its node says."""

    def __init__(self, channel: grpc.aio.Channel, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """``patience_seconds``: how long to wait for a block that is not there yet, or a gateway."""
        self._stub = LightServiceStub(channel)
        self._patience_seconds = patience_seconds

    async def light_block(self, height: int) -> LightBlock:
        """As `wire.light.client.Provider`; height 0 is the newest."""
        backoff = Backoff()
        last = "no answer"
        try:
            async with asyncio.timeout(self._patience_seconds):
                while True:
                    try:
                        request = pb.LightBlockRequest(height=height)
                        answer = await self._stub.LightBlock(request, timeout=CALL_SECONDS)
                        return light_block_from_proto(answer.light_block)
                    except grpc.aio.AioRpcError as error:
                        # Whatever its status, another try within the patience does no harm: the block may be next.
                        last = f"{error.code().name}: {error.details()}"
                        await asyncio.sleep(backoff.next_seconds())
        except TimeoutError:
            raise BlockUnavailable(f"light block {height or '(newest)'}: {last}") from None


class RpcBlocks:
    """Light blocks from a CometBFT node, e.g. ``http://127.0.0.1:26657``: a witness of one's own choice."""

    def __init__(self, url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.url = url.rstrip("/")
        self._patience_seconds = patience_seconds

    async def light_block(self, height: int) -> LightBlock:
        """As `wire.light.client.Provider`; height 0 is the newest."""
        # 9 MB that an agent without witnesses does without.
        import aiohttp

        backoff = Backoff()
        last = "no answer"
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                async with asyncio.timeout(self._patience_seconds):
                    while True:
                        try:
                            return await self._read(session, height)
                        except (aiohttp.ClientError, OSError, _NotThere) as error:
                            last = str(error) or type(error).__name__
                            await asyncio.sleep(backoff.next_seconds())
            except TimeoutError:
                raise BlockUnavailable(f"light block {height or '(newest)'} of {self.url}: {last}") from None

    async def _read(self, session: aiohttp.ClientSession, height: int) -> LightBlock:
        place = {"height": str(height)} if height else {}
        commit = await self._call(session, "commit", place)
        members: list[Any] = []
        try:
            signed_header = commit["signed_header"]
            at = {"height": signed_header["header"]["height"], "per_page": str(_PER_PAGE)}
            total = 1
            while len(members) < total:
                page = await self._call(session, "validators", at | {"page": str(len(members) // _PER_PAGE + 1)})
                total = int(page["total"])
                if not page["validators"]:
                    break
                members += page["validators"]
        except (KeyError, TypeError, ValueError) as error:
            raise Unverified(Reason.MALFORMED, f"{self.url} answers in no form of CometBFT's") from error
        return light_block_from_json({"signed_header": signed_header, "validators": members})

    async def _call(self, session: aiohttp.ClientSession, method: str, params: dict[str, str]) -> Any:
        """Raises: _NotThere for a refusal; Unverified MALFORMED, OVERSIZED."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with session.post(self.url, json=request) as response:
            body = await response.content.read(MAX_ANSWER_BYTES + 1)
            while len(body) <= MAX_ANSWER_BYTES and (more := await response.content.read(MAX_ANSWER_BYTES)):
                body += more
        if len(body) > MAX_ANSWER_BYTES:
            raise Unverified(Reason.OVERSIZED, f"{method} of {self.url}: more than {MAX_ANSWER_BYTES} bytes")
        try:
            answer = read_json(body)
            refused = answer.get("error")
        except (ValueError, AttributeError) as error:
            raise Unverified(Reason.MALFORMED, f"{method} of {self.url} answers no JSON-RPC") from error
        if refused:
            raise _NotThere(f"{method} was refused: {str(refused)[:200]}")
        return answer.get("result")
