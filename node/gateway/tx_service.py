"""TxService of gateway.proto."""

from __future__ import annotations

from typing import Final

import grpc

from node.gateway.block_record import decode_events
from node.gateway.history import History
from node.gateway.methods import Call
from node.gateway.recent_results import Outcome
from node.gateway.refusals import CallRefused
from node.gateway.submission import Accepted, Answer, NotAccepted, Submission
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.tx import tx_hash

HASH_BYTES: Final = 32
# Kept back from a call's time, so that "accepted, not in a block yet" still reaches the client.
ANSWER_SECONDS: Final = 0.25


class TxService:
    """Answers Submit and GetResult."""

    def __init__(self, submission: Submission, history: History) -> None:
        self._submission = submission
        self._history = history

    async def submit(self, request: pb.SubmitRequest, call: Call) -> bytes:
        """See TxService.Submit."""
        wait_seconds = 0.0
        if request.until != pb.UNTIL_ACCEPTED:
            left_seconds = call.seconds_left()
            wait_seconds = max(left_seconds - ANSWER_SECONDS, left_seconds / 2)
        answer = await self._submission.submit(request.tx, wait_seconds)
        return response_of(tx_hash(request.tx), answer).SerializeToString()

    async def get_result(self, request: pb.GetResultRequest, _call: Call) -> bytes:
        """See TxService.GetResult."""
        if len(request.hash) != HASH_BYTES:
            text = f"hash has {len(request.hash)} bytes: give the {HASH_BYTES} of the transaction's SHA-256"
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text)
        outcome = await self._submission.find(request.hash)
        response = pb.GetResultResponse(state=pb.TX_STATE_UNKNOWN, hash=request.hash)
        if outcome is not None:
            response.state = pb.TX_STATE_IN_BLOCK
            response.height, response.index = outcome.height, outcome.place
            response.code, response.log = outcome.code, outcome.log
            response.events.extend(await self._events(request.hash, outcome.height))
        return response.SerializeToString()

    async def _events(self, hash_: bytes, height: int) -> list[pb.Event]:
        indexed = await self._submission.find_indexed(hash_)
        if indexed is not None:
            return decode_events(indexed.result.events, hash_)
        record = await self._history.at(height)
        return [event for event in record.events if event.tx_hash == hash_]


def response_of(hash_: bytes, answer: Answer) -> pb.SubmitResponse:
    """The answer as a message."""
    match answer:
        case Accepted():
            return pb.SubmitResponse(state=pb.TX_STATE_ACCEPTED, hash=hash_)
        case NotAccepted(code, text):
            return pb.SubmitResponse(state=pb.TX_STATE_REFUSED, hash=hash_, code=code, log=text)
        case Outcome(height, place, code, text):
            return pb.SubmitResponse(
                state=pb.TX_STATE_IN_BLOCK, hash=hash_, code=code, log=text, height=height, index=place
            )
