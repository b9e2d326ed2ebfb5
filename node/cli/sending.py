"""Sending one transaction, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

import grpc

from clients.common.chain import Chain
from clients.common.errors import ChainError, Refused, Unavailable, code_of
from clients.common.submit import DEFAULT_EXPIRY_SECONDS
from clients.common.wallet import Wallet
from node.cli.tables import text_of
from node.messages.names import NoNames
from node.messages.schema import snake_case
from node.messages.showing import plain
from wire.accounts import GetAccountRequest
from wire.codec import decode
from wire.events import event_class
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1.gateway_pb2_grpc import TxServiceStub
from wire.results import Code
from wire.tx import TxBody, assemble, tx_hash

CALL_SECONDS: Final = 15.0
# How many of the account's transactions may be waiting for a block; the window of nonces is as wide.
MOST_WAITING: Final = 128


@dataclass(frozen=True)
class Outcome:
    """What became of a transaction; height and events only once it is in a block."""

    state: str
    hash: str
    code: int = 0
    code_name: str = Code.OK.name
    message: str = ""
    height: int = 0
    index: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def refused(cls, refusal: Refused) -> Self:
        """The outcome of a refused transaction."""
        return cls(
            state="in_block" if refusal.height else "refused",
            hash=refusal.tx_hash.hex(),
            code=int(refusal.code),
            code_name=refusal.code.name,
            message=refusal.message,
            height=refusal.height,
        )

    def as_json(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        where = f" in block {self.height}, place {self.index}" if self.height else ""
        yield f"{self.code_name}{where} ({self.state.replace('_', ' ')})"
        yield f"  hash {self.hash}"
        for event in self.events:
            yield f"  * {event['name']}  {text_of(event['fields'])}"


async def execute(chain: Chain, channel: grpc.aio.Channel, wallet: Wallet, message: Any) -> Outcome:
    """Send a message and wait for its block. Raises: Refused, ChainError."""
    receipt = await chain.submit(wallet, message)
    request = pb.GetResultRequest(hash=receipt.tx_hash)
    result = await _call(TxServiceStub(channel).GetResult, request)
    return Outcome(
        state="in_block",
        hash=receipt.tx_hash.hex(),
        height=receipt.height,
        index=receipt.place,
        events=[_event(event) for event in result.events],
    )


async def accept(chain: Chain, channel: grpc.aio.Channel, wallet: Wallet, message: Any) -> Outcome:
    """Send a message and wait until a node holds it for a block. Raises: Refused, ChainError."""
    account = await chain.query(GetAccountRequest(wallet.address))
    highest = account.nonces.highest if account.nonces else 0
    expires_s = await chain.now_s() + DEFAULT_EXPIRY_SECONDS
    stub = TxServiceStub(channel)
    for nonce in range(highest + 1, highest + 1 + MOST_WAITING):
        tx = assemble(TxBody(chain.chain_id, wallet.address, nonce, expires_s, message), wallet.sign)
        answer = await _call(stub.Submit, pb.SubmitRequest(tx=tx, until=pb.UNTIL_ACCEPTED))
        if answer.code == Code.NONCE_USED:
            continue  # an earlier one waits for its block with this nonce
        if answer.code != Code.OK:
            raise Refused(code_of(answer.code), answer.log, tx_hash=tx_hash(tx), height=answer.height)
        state = pb.TxState.Name(answer.state).removeprefix("TX_STATE_").lower()
        return Outcome(state=state, hash=tx_hash(tx).hex(), height=answer.height, index=answer.index)
    raise ChainError(f"{MOST_WAITING} transactions of {wallet.address.hex()} wait for a block: send again after it")


async def _call(method: Any, request: Any) -> Any:
    try:
        return await method(request, timeout=CALL_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise Unavailable(f"the gateway: {error.code().name}: {error.details()}") from None


def _event(event: Any) -> dict[str, Any]:
    message: Any = decode(event_class(event.type), event.data)
    return {"name": snake_case(type(message).__name__), "fields": plain(message, NoNames())}
