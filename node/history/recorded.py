"""What a node has recorded of one block, and of the chain's beginning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from node.history.errors import HistoryError
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.go_json import from_base64, parse_time_ns
from wire.merkle import root_of


class Vote(NamedTuple):
    """A validator's vote on the block before: its consensus address (b"" where none was seen) and CometBFT's flag."""

    consensus_address: bytes
    flag: int


@dataclass(frozen=True)
class RecordedBlock:
    """A block as it was decided.

    ``app_hash`` and ``last_results_hash`` are the header's: what came of the block before, whose votes are ``votes``.
    ``time_ns`` is the block's time in nanoseconds since 1970.
    """

    chain_id: str
    height: int
    time_ns: int
    txs: tuple[bytes, ...]
    app_hash: bytes
    last_results_hash: bytes
    next_validators_hash: bytes
    proposer_address: bytes
    misbehavior: tuple[abci.Misbehavior, ...] = ()
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True)
class RecordedGenesis:
    """The beginning: what CometBFT gives the application in InitChain; ``app_version`` 0 says that it names none."""

    chain_id: str
    time_ns: int
    initial_height: int
    validators: tuple[tuple[bytes, int], ...]
    app_state: bytes
    app_version: int = 0

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> RecordedGenesis:
        """Read CometBFT's genesis document. Raises: HistoryError."""
        try:
            return cls(
                chain_id=document["chain_id"],
                time_ns=parse_time_ns(document["genesis_time"]),
                initial_height=int(document.get("initial_height") or 1),
                validators=tuple(
                    (from_base64(entry["pub_key"]["value"]), int(entry["power"]))
                    for entry in document.get("validators") or ()
                ),
                app_state=json.dumps(document["app_state"]).encode(),
                app_version=int(document.get("consensus_params", {}).get("version", {}).get("app") or 0),
            )
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise HistoryError(f"the genesis document is not CometBFT's: {type(error).__name__}: {error}") from error


def results_hash(results: abci.ResponseFinalizeBlock) -> bytes:
    """The root that the next header carries over a block's results (types/results.go: code, data and gas alone)."""
    leaves = []
    for result in results.tx_results:
        kept = abci.ExecTxResult(
            code=result.code, data=result.data, gas_wanted=result.gas_wanted, gas_used=result.gas_used
        )
        leaves.append(hashlib.sha256(b"\x00" + kept.SerializeToString(deterministic=True)).digest())
    return root_of(leaves)
