"""What the containers are told in files of their own volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from node.localnet.plan import Model, Service

ROOT: Final = Path("/vdg")
"""Where every container has its volumes; its own folder is named as its service."""
VALIDATORS: Final = 4
RPC_PORT: Final = 26657
P2P_PORT: Final = 26656
GATEWAY, BROKER, SIGNER = "gateway:7443", "broker:8883", "signer:7444"


class ServiceFile(Model):
    """A service's process. ``fresh_seconds``: after so long without a write to its folder it is ill."""

    service: Service
    fresh_seconds: int

    @classmethod
    def path(cls, name: str) -> Path:
        """Where a service's is."""
        return ROOT / name / "service.json"


class RunFile(Model):
    """What the reporter knows of the run: no key but the one that it probes with, which is the supplier's.

    ``accounts`` are the homes' addresses in the order of the emulated neighbourhood, ``dso`` the address probed.
    """

    chain_id: str
    started_s: int
    day: str
    epoch_s: int
    slot_seconds: int
    first_slot: int
    from_slot: int
    slots: int
    accounts: tuple[str, ...]
    dso: str
    probing_seed_file: str
    rpc_urls: tuple[str, ...]

    @classmethod
    def path(cls) -> Path:
        """Where it is."""
        return ROOT / "reporter" / "run.json"
