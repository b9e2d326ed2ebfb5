"""The first place at which a chain executed anew is not the recorded one."""

from __future__ import annotations

from dataclasses import dataclass

from node.history.recorded import results_hash
from wire.gen.tendermint.abci import types_pb2 as abci


@dataclass(frozen=True)
class Difference:
    """What differs after the block at ``height``; hashes and details in text."""

    height: int
    what: str
    recorded: str
    computed: str
    results: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"height {self.height}: {self.what}: recorded {self.recorded}, computed {self.computed}"]
        return "\n  ".join([*lines, *self.results])


def compare_hashes(
    height: int,
    app_hash: bytes,
    last_results_hash: bytes | None,
    computed: abci.ResponseFinalizeBlock,
    recorded: abci.ResponseFinalizeBlock | None,
) -> Difference | None:
    """A block's outcome beside what the next header says of it (None for a header that is not there yet)."""
    names = []
    if computed.app_hash != app_hash:
        names.append(("app hash", app_hash, computed.app_hash))
    if last_results_hash is not None and results_hash(computed) != last_results_hash:
        names.append(("last_results_hash", last_results_hash, results_hash(computed)))
    if not names:
        return None
    name, left, right = names[0]
    what = name if len(names) == 1 else f"{name} (and {names[1][0]})"
    return Difference(height, what, left.hex(), right.hex(), tuple(_result_differences(recorded, computed)))


def _result_differences(recorded: abci.ResponseFinalizeBlock | None, computed: abci.ResponseFinalizeBlock) -> list[str]:
    """Which results and events differ, where the node has kept them."""
    if recorded is None:
        return ["the node keeps no results of this block"]
    lines = []
    for index, (left, right) in enumerate(zip(recorded.tx_results, computed.tx_results, strict=False)):
        if left.code != right.code:
            lines.append(
                f"transaction {index}: recorded code {left.code} {left.log}, computed {right.code} {right.log}"
            )
        elif list(left.events) != list(right.events):
            lines.append(
                f"transaction {index}: recorded events {_names(left)}, computed {_names(right)}, or their data"
            )
    if list(recorded.events) != list(computed.events):
        lines.append("the block's own events differ")
    return lines or ["every result and event is the same: the difference is in the state alone"]


def _names(result: abci.ExecTxResult) -> str:
    return ", ".join(event.type for event in result.events) or "none"
