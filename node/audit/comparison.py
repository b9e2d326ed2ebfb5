"""A recorded block beside what it must be."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from node.audit.auditor import Expected, ExpectedBlock
from node.audit.finding import Finding, account_in, plain
from node.history.recorded import results_hash
from wire.chain import DueFailed
from wire.codec import CodecError, decode
from wire.events import UnknownEventError, event_class
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.results import Code


class Unreadable(tuple[str, str]):
    """An event that is no message of this version, as its type and data."""

    __slots__ = ()


def compare_results(
    height: int, senders: Sequence[bytes], expected: ExpectedBlock, recorded: abci.ResponseFinalizeBlock
) -> Finding | None:
    """The first result or event that differs; ``senders`` by transaction, b"" for one that can't be read."""
    finding = _compare_events(height, None, expected.events, recorded.events)
    if finding is not None:
        return finding
    if len(recorded.tx_results) != len(expected.results):
        counts = str(len(expected.results)), str(len(recorded.tx_results))
        return Finding(height, None, "number of results", "", *counts)
    for index, (must, done) in enumerate(zip(expected.results, recorded.tx_results, strict=True)):
        if must.code != done.code:
            found = f"{_code_name(done.code)} {done.log}".rstrip()
            return Finding(height, index, "result", senders[index].hex(), must.code.name, found)
        finding = _compare_events(height, index, must.events, done.events)
        if finding is not None:
            return finding
    powers = [(update.pub_key.ed25519, update.power) for update in recorded.validator_updates]
    if powers != list(expected.powers):
        return Finding(height, None, "validators' powers", "", plain(expected.powers), plain(tuple(powers)))
    return None


def expected_results_hash(expected: Sequence[Expected]) -> bytes:
    """What the next header must carry over these results."""
    results = [abci.ExecTxResult(code=must.code) for must in expected]
    return results_hash(abci.ResponseFinalizeBlock(tx_results=results))


def _code_name(code: int) -> str:
    return Code(code).name if code in set(Code) else str(code)


def _compare_events(
    height: int, transaction: int | None, expected: Sequence[Any], recorded: Sequence[abci.Event]
) -> Finding | None:
    for number, (must, event) in enumerate(zip_longest(expected, recorded)):
        done = None if event is None else read_event(event)
        if must != done:
            whose = account_in([message for message in (must, done) if message is not None])
            return Finding(height, transaction, f"event {number}", whose, plain(must), plain(done))
    return None


def read_event(event: abci.Event) -> Any:
    """The message in an event. The words in which due work was refused are for people and left out."""
    data = next((attribute.value for attribute in event.attributes if attribute.key == "data"), "")
    try:
        message = decode(event_class(event.type), b64decode(data, validate=True))
    except (UnknownEventError, CodecError, ValueError):
        return Unreadable((event.type, data))
    return message._replace(reason="") if isinstance(message, DueFailed) else message
