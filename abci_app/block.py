"""One block: misbehaviour, due work, transactions, invariants. What it changed comes back, nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from abci_app.auth import Quotas
from abci_app.core.context import Context, Reader
from abci_app.core.events import EncodedEvent, encode_event
from abci_app.core.refusal import Refusal
from abci_app.pipeline import Pipeline, TxResult
from abci_app.registry import Registry
from abci_app.state.due import take_due
from abci_app.state.overlay import Committed, Overlay
from abci_app.state.singles import VALIDATORS
from wire.chain import BlockInfo, DueFailed, DueItem, Validator
from wire.governance import Misbehaviour
from wire.tx import TxBody


class Decided(NamedTuple):
    """A block as the validators decided it.

    ``signers`` are the consensus addresses whose votes are in the last block's commit; None where nobody tells.
    """

    height: int
    time_ns: int
    txs: Sequence[bytes]
    misbehaviour: Sequence[Misbehaviour] = ()
    signers: frozenset[bytes] | None = None


class BlockResult(NamedTuple):
    """What a block did: results in order of transactions, events of due work, changed values by key.

    ``powers`` are the validators that changed, with their new power, in order of key; 0 says that one left.
    """

    results: list[TxResult]
    events: list[EncodedEvent]
    changes: dict[bytes, Any]
    powers: list[tuple[bytes, int]]


def execute_block(
    committed: Committed,
    uncommitted: dict[bytes, Any],
    registry: Registry,
    pipeline: Pipeline,
    last: BlockInfo,
    decided: Decided,
) -> BlockResult:
    """Execute a block on top of the committed state (and the genesis, before the first commit).

    The seed of its auctions takes in the block's own time, the median of the validators' votes on the block before,
    which no sender of an order can foresee (MODEL 5).

    Raises: InvariantBroken; the node must stop then.
    """
    block = Overlay(committed)
    block.changes.update(uncommitted)
    time_s = decided.time_ns // 10**9
    seed = hashlib.sha256(last.app_hash + decided.time_ns.to_bytes(8, "big")).digest()

    def new_context(overlay: Overlay) -> Context:
        return Context(
            overlay,
            chain_id=last.chain_id,
            height=decided.height,
            time_s=time_s,
            seed=seed,
            signers=decided.signers,
        )

    def tx_context(overlay: Overlay, body: TxBody) -> Context:
        context = new_context(overlay)
        context.sender, context.nonce = body.sender, body.nonce
        return context

    reporting = new_context(block)
    for found in decided.misbehaviour:
        registry.report(reporting, found)
    events = [encode_event(event) for event in reporting.events]
    for item in take_due(block, time_s):
        events += _run_due(registry, block, item, new_context)
    quotas = Quotas()
    results = [pipeline.execute(block, tx, time_s, quotas, tx_context) for tx in decided.txs]
    before = new_context(Overlay(committed))
    registry.check_invariants(before, block.changes)
    known = Overlay(committed)
    if last.height == 0:
        known.changes.update(uncommitted)  # the genesis, whose validators CometBFT named itself
    return BlockResult(results, events, block.changes, _changed_powers(known, block.changes))


def _changed_powers(known: Reader, changes: dict[bytes, Any]) -> list[tuple[bytes, int]]:
    """What CometBFT must be told of the validators; it holds from two blocks later on. It knows those of ``known``."""
    powers: list[tuple[bytes, int]] = []
    for key in sorted(key for key in changes if key.startswith(VALIDATORS.base)):
        old = known.get(key, Validator)
        power = changes[key].power if changes[key] is not None else 0
        if power != (old.power if old is not None else 0):
            powers.append((key.removeprefix(VALIDATORS.base), power))
    return powers


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
