"""The genesis document of a chain (types/genesis.go and types/params.go at the pinned tag)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.cometbft.node_keys import address_of, public_key_json
from wire.go_json import Json, format_time_ns

MAX_CHAIN_ID_CHARACTERS: Final = 50


@dataclass(frozen=True)
class GenesisValidator:
    """A validator from the first block on; `public_key` is its Ed25519 consensus key (32 bytes)."""

    name: str
    public_key: bytes
    power: int

    def to_json(self) -> dict[str, Any]:
        """As CometBFT's JSON."""
        return {
            "address": address_of(self.public_key).hex().upper(),
            "pub_key": public_key_json(self.public_key),
            "power": str(self.power),
            "name": self.name,
        }


@dataclass(frozen=True)
class ConsensusParams:
    """What all validators of a chain must agree on besides the application.

    Attributes:
        max_block_bytes: the largest block; it bounds what one proposal costs everybody.
        evidence_max_age_seconds: how long a validator can be charged with signing twice.
        evidence_max_age_blocks: the same in blocks; evidence is too old only by both.
        app_version: the version of the application's rules in the first block; 0 leaves it to the application.
    """

    max_block_bytes: int = 4 * 1024 * 1024
    evidence_max_age_seconds: int = 48 * 3600
    evidence_max_age_blocks: int = 100_000
    app_version: int = 0

    def to_json(self) -> dict[str, Any]:
        """As CometBFT's JSON, 64-bit numbers as strings; v0.38 reads it as well."""
        return {
            "block": {"max_bytes": str(self.max_block_bytes), "max_gas": "-1"},
            "evidence": {
                "max_age_num_blocks": str(self.evidence_max_age_blocks),
                "max_age_duration": str(self.evidence_max_age_seconds * 1_000_000_000),
                "max_bytes": str(min(1024 * 1024, self.max_block_bytes)),
            },
            "validator": {"pub_key_types": ["ed25519"]},
            "version": {"app": str(self.app_version)},
            "abci": {"vote_extensions_enable_height": "0"},
        }


def genesis_json(
    *,
    chain_id: str,
    genesis_time_ns: int,
    validators: Sequence[GenesisValidator],
    app_state: Mapping[str, Any],
    params: ConsensusParams,
) -> Json:
    """The genesis document. The first block's time is the genesis time.

    Raises:
        ValueError: when the chain id is empty or too long.
    """
    if not 0 < len(chain_id) <= MAX_CHAIN_ID_CHARACTERS:
        raise ValueError(f"chain_id {chain_id!r} has {len(chain_id)} characters: give 1 to {MAX_CHAIN_ID_CHARACTERS}")
    return {
        "genesis_time": format_time_ns(genesis_time_ns),
        "chain_id": chain_id,
        "initial_height": "1",
        "consensus_params": params.to_json(),
        "validators": [validator.to_json() for validator in validators],
        "app_hash": "",
        "app_state": app_state,
    }
