"""The settings of a CometBFT node that differ from its defaults (config/*.go at the pinned tag)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Section = Mapping[str, Any]

# Blocks, proposals and votes are small here; four times CometBFT's own bound leaves room for load tests.
PEER_BYTES_PER_SECOND: Final = 20_480_000


@dataclass(frozen=True)
class Settings:
    """What one may choose about a node; everything else stays CometBFT's default.

    Attributes:
        timeout_commit_ms: pause after a block before the next height starts; the consensus's other timeouts are
            scaled from it (`consensus_section`).
        create_empty_blocks_interval_ms: with no transactions, a block only this often; 0 for one after every pause.
        log_level: as CometBFT's: "info", "error", or by module as in "consensus:debug,*:error".
        max_tx_bytes: the largest transaction the mempool takes.
        mempool_txs: how many transactions may wait.
        tx_index: whether old transactions are found by their hashes. CometBFT never prunes this index: it is what
            grows for ever (docs/node.md). A gateway remembers the recent ones without it.
        prometheus_address: "host:port" to serve metrics at; empty for none.
        overrides: settings by section ("" for the top of the file) that are written as they are.
    """

    timeout_commit_ms: int = 500
    create_empty_blocks_interval_ms: int = 0
    log_level: str = "info"
    max_tx_bytes: int = 262_144
    mempool_txs: int = 20_000
    tx_index: bool = True
    prometheus_address: str = ""
    overrides: Mapping[str, Section] = field(default_factory=dict)

    def sections(self, wiring: Wiring) -> dict[str, dict[str, Any]]:
        """All settings of a node by section of config.toml."""
        sections: dict[str, dict[str, Any]] = {
            "": {
                "proxy_app": wiring.proxy_app,
                "moniker": wiring.moniker,
                "abci": "socket",
                "log_level": self.log_level,
            },
            "rpc": {
                "laddr": f"tcp://{wiring.host}:{wiring.rpc_port}",
                "max_request_batch_size": 100,
                # Base64 in JSON makes a transaction longer by a third.
                "max_body_bytes": 2 * self.max_tx_bytes + 65_536,
                # A subscriber that is too slow must notice that it has missed events.
                "experimental_close_on_slow_client": True,
            },
            "p2p": {
                "laddr": f"tcp://{wiring.host}:{wiring.p2p_port}",
                "persistent_peers": ",".join(wiring.persistent_peers),
                "addr_book_strict": False,
                "allow_duplicate_ip": True,
                "pex": False,
                "send_rate": PEER_BYTES_PER_SECOND,
                "recv_rate": PEER_BYTES_PER_SECOND,
            },
            "mempool": self.mempool_section(),
            "consensus": self.consensus_section(),
            "tx_index": {"indexer": "kv" if self.tx_index else "null"},
            "instrumentation": {
                "prometheus": bool(self.prometheus_address),
                "prometheus_listen_addr": self.prometheus_address or ":26660",
                "namespace": "cometbft",
            },
        }
        for name, values in self.overrides.items():
            sections.setdefault(name, {}).update(values)
        return sections

    def mempool_section(self) -> dict[str, Any]:
        """A mempool for transactions whose nonces come in any order, each once, and which expire.

        They are checked again after every block, since that alone drops one that has expired or whose nonce has
        been used. A refused one may be good later (its funds arrive, its window moves), so the cache forgets it.
        """
        return {
            "type": "flood",
            "recheck": True,
            "recheck_timeout": "3s",
            "keep-invalid-txs-in-cache": False,
            "size": self.mempool_txs,
            "max_txs_bytes": 256 * 1024 * 1024,
            # More than waits at once, so that a transaction that comes round again is recognised after its block.
            "cache_size": 3 * self.mempool_txs,
            "max_tx_bytes": self.max_tx_bytes,
        }

    def consensus_section(self) -> dict[str, Any]:
        """Timeouts in proportion to `timeout_commit_ms`; the floors are what busy small machines need."""
        propose_ms = max(1000, 4 * self.timeout_commit_ms)
        vote_ms = max(500, 2 * self.timeout_commit_ms)
        return {
            "timeout_propose": f"{propose_ms}ms",
            "timeout_propose_delta": f"{propose_ms // 4}ms",
            "timeout_prevote": f"{vote_ms}ms",
            "timeout_prevote_delta": f"{vote_ms // 2}ms",
            "timeout_precommit": f"{vote_ms}ms",
            "timeout_precommit_delta": f"{vote_ms // 2}ms",
            "timeout_commit": f"{self.timeout_commit_ms}ms",
            # Blocks here take a few messages each; at the default of 100 ms a peer sleeps through most of them.
            "peer_gossip_sleep_duration": "20ms",
            "create_empty_blocks": True,
            "create_empty_blocks_interval": f"{self.create_empty_blocks_interval_ms}ms",
        }


@dataclass(frozen=True)
class Wiring:
    """What is a node's own: its name, its ports, its application and its peers.

    `host` is the address it listens on: the loopback address by default, since RPC knows no passwords.
    `proxy_app` is an ABCI address or the name of an application built into CometBFT; a unix path in it is
    relative to the folder the process runs in. `persistent_peers` are "nodeid@host:port".
    """

    moniker: str
    proxy_app: str
    rpc_port: int
    p2p_port: int
    persistent_peers: tuple[str, ...]
    host: str = "127.0.0.1"


def render_toml(sections: Mapping[str, Section]) -> str:
    """Settings as a TOML file. Strings, booleans, integers and lists of them look the same in TOML as in JSON."""
    lines = ["# Written by vdg. What is not named here has CometBFT's default.", ""]
    for name in sorted(sections):
        if name:
            lines += ["", f"[{name}]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in sections[name].items()]
    return "\n".join(lines) + "\n"
