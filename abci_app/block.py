"""One block: due work, then transactions, then invariants. What it changed comes back, nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from abci_app.auth import Quotas
from abci_app.core.context import Context
from abci_app.core.events import EncodedEvent, encode_event
from abci_app.core.refusal import Refusal
from abci_app.pipeline import Pipeline, TxResult
from abci_app.registry import Registry
from abci_app.state.due import take_due
from abci_app.state.overlay import Committed, Overlay
from wire.chain import BlockInfo, DueFailed, DueItem
from wire.tx import TxBody


class BlockResult(NamedTuple):
    """What a block did: results in order of transactions, events of due work, changed values by key."""

    results: list[TxResult]
    events: list[EncodedEvent]
    changes: dict[bytes, Any]


def execute_block(
    committed: Committed,
    uncommitted: dict[bytes, Any],
    registry: Registry,
    pipeline: Pipeline,
    last: BlockInfo,
    height: int,
    time_ns: int,
    txs: Sequence[bytes],
) -> BlockResult:
    """Execute a block on top of the committed state (and the genesis, before the first commit).

    The seed of its auctions takes in the block's own time, the median of the validators' votes on the block before,
    which no sender of an order can foresee (MODEL 5).

    Raises: InvariantBroken; the node must stop then.
    """
    block = Overlay(committed)
    block.changes.update(uncommitted)
    time_s = time_ns // 10**9
    seed = hashlib.sha256(last.app_hash + time_ns.to_bytes(8, "big")).digest()
    before = _context(Overlay(committed), last, height, time_s, seed)

    def due_context(overlay: Overlay) -> Context:
        return _context(overlay, last, height, time_s, seed)

    def tx_context(overlay: Overlay, body: TxBody) -> Context:
        context = _context(overlay, last, height, time_s, seed)
        context.sender, context.nonce = body.sender, body.nonce
        return context

    events: list[EncodedEvent] = []
    for item in take_due(block, time_s):
        events += _run_due(registry, block, item, due_context)
    quotas = Quotas()
    results = [pipeline.execute(block, tx, time_s, quotas, tx_context) for tx in txs]
    registry.check_invariants(before, block.changes)
    return BlockResult(results, events, block.changes)


def _context(overlay: Overlay, last: BlockInfo, height: int, time_s: int, seed: bytes) -> Context:
    return Context(overlay, chain_id=last.chain_id, height=height, time_s=time_s, seed=seed)


def _run_due(
    registry: Registry, block: Overlay, item: DueItem, context: Callable[[Overlay], Context]
) -> list[EncodedEvent]:
    """Run a piece of due work in an overlay of its own; one that is refused takes no other along."""
    overlay = Overlay(block)
    running = context(overlay)
    try:
        for handler in registry.moments[item.moment]:
            handler(running, item.key)
    except Refusal as refusal:
        overlay = Overlay(block)
        running = context(overlay)
        running.emit(DueFailed(item, refusal.code, refusal.message))
        if refusal.record is not None:
            refusal.record(running)
    overlay.merge_into(block)
    return [encode_event(event) for event in running.events]
