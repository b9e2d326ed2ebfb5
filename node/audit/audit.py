"""Auditing a recorded chain: every result, every event and every app hash, computed from the transactions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple

from node.audit.admission import read
from node.audit.auditor import Auditor, ExpectedBlock, RulesChanged
from node.audit.case import Denied
from node.audit.comparison import compare_results, expected_results_hash
from node.audit.finding import Finding
from node.audit.genesis import RULES_VERSION
from node.audit.records import first_difference
from node.history.errors import HistoryError
from node.history.recorded import RecordedBlock
from node.history.source import Source, blocks_with_results
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.types.validator_pb2 import BLOCK_ID_FLAG_COMMIT
from wire.governance import Misbehaviour, Offence

_NANOSECONDS = 10**9


class Audited(NamedTuple):
    """How far it went and what there is in the end; ``finding`` is the first difference, or None.

    ``results_seen`` says of how many blocks the node has kept results and events; of the others the headers' hashes
    over results and state were compared.
    """

    auditor: Auditor
    blocks: int
    transactions: int
    results_seen: int
    height: int
    finding: Finding | None


class _Previous(NamedTuple):
    """The block before, whose outcome the next header carries."""

    block: RecordedBlock
    expected: ExpectedBlock
    recorded: abci.ResponseFinalizeBlock | None


async def audit(
    source: Source, until: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Audited:
    """Compute the chain from its genesis to ``until`` (default: the last block) and compare; stop at a difference.

    Raises: HistoryError when the record does not begin with the genesis, or is damaged.
    """
    genesis, (first, newest) = await source.genesis(), await source.span()
    if first != genesis.initial_height:
        raise HistoryError(
            f"the node keeps blocks from {first} on, and the chain began at {genesis.initial_height}: audit a node "
            "that keeps all of them (--retain-blocks 0)"
        )
    if genesis.app_version not in (0, RULES_VERSION):
        raise HistoryError(
            f"the chain began with version {genesis.app_version} of the rules, and this auditor knows {RULES_VERSION}: "
            "audit it with that version of vdg"
        )
    last = min(until or newest, newest)
    auditor = Auditor(genesis.chain_id, genesis.time_ns // _NANOSECONDS, genesis.validators, genesis.app_state)
    previous: _Previous | None = None
    finding: Finding | None = None
    blocks = transactions = seen = 0
    async with aclosing(blocks_with_results(source, first, last)) as pairs:
        async for block, recorded in pairs:
            finding = await _compare_header(source, auditor, previous, block)
            if finding is not None:
                break
            expected = _expected(auditor, block)
            previous = _Previous(block, expected, recorded)
            blocks, transactions, seen = blocks + 1, transactions + len(block.txs), seen + (recorded is not None)
            if recorded is not None:
                finding = compare_results(block.height, senders(block.txs), expected, recorded)
            if finding is not None:
                break
            if progress is not None:
                progress(block.height, last)
    if finding is None and previous is not None and previous.recorded is not None:
        finding = await _compare_state(source, auditor, previous, previous.recorded.app_hash)
    return Audited(auditor, blocks, transactions, seen, first + blocks - 1, finding)


def _expected(auditor: Auditor, block: RecordedBlock) -> ExpectedBlock:
    """Raises: HistoryError for blocks by rules that the auditor does not know."""
    reports = [Misbehaviour(Offence(one.type), one.validator.address, height=one.height) for one in block.misbehavior]
    signed = frozenset(vote.consensus_address for vote in block.votes if vote.flag == BLOCK_ID_FLAG_COMMIT)
    try:
        return auditor.block(block.height, block.time_ns, block.txs, reports, signed if block.votes else None)
    except RulesChanged as error:
        raise HistoryError(f"the audit ends before height {block.height}: {error}") from error


def senders(txs: Sequence[bytes]) -> list[bytes]:
    """Who claims to have sent each transaction; b"" for one that can't be read."""
    found = []
    for tx in txs:
        try:
            found.append(read(tx)[1].sender)
        except Denied:
            found.append(b"")
    return found


async def _compare_header(
    source: Source, auditor: Auditor, previous: _Previous | None, block: RecordedBlock
) -> Finding | None:
    """What a header says of the block before it (of the genesis, the first one)."""
    if previous is None:
        if block.app_hash == auditor.app_hash:
            return None
        return Finding(0, None, "app hash of the genesis", "", auditor.app_hash.hex(), block.app_hash.hex())
    results = expected_results_hash(previous.expected.results)
    if results != block.last_results_hash:
        height, found = previous.block.height, block.last_results_hash.hex()
        return Finding(height, None, "hash over the results", "", results.hex(), found)
    return await _compare_state(source, auditor, previous, block.app_hash)


async def _compare_state(source: Source, auditor: Auditor, previous: _Previous, app_hash: bytes) -> Finding | None:
    """The state after a block; where it differs, the first record of those that the block changed."""
    if app_hash == auditor.app_hash:
        return None
    height = previous.block.height
    record = await first_difference(source, height, previous.expected.changes)
    return record or Finding(height, None, "app hash", "", auditor.app_hash.hex(), app_hash.hex())
