"""Which software may execute the next block: before a planned height the old one, from it on the new one, no other."""

from __future__ import annotations

from typing import Any

from abci_app.core.context import Context, Reader
from abci_app.core.refusal import InvariantBroken
from abci_app.migrations import Software
from abci_app.state.overlay import Committed, Overlay
from abci_app.state.singles import PARAMETERS, UPGRADE, parameters
from wire.chain import BlockInfo


class WrongSoftware(Exception):
    """The next block is not for this software to execute; ``needed_version`` can. The text says what to start."""

    def __init__(self, message: str, needed_version: int) -> None:
        super().__init__(message)
        self.needed_version = needed_version


def require_software(state: Reader, software: Software, height: int) -> None:
    """This software executes the block at ``height`` on this state. Raises: WrongSoftware."""
    rules, plan = parameters(state).app_version, UPGRADE.get(state, b"")
    if plan is not None and plan.height == height:
        raise WrongSoftware(
            f"the operators planned version {plan.version} from height {plan.height} on, and this is version "
            f"{software.version}: height {height - 1} is committed, nothing was done of {height}; start version "
            f"{plan.version} on the same folder",
            plan.version,
        )
    if software.version != rules:
        until = f" until height {plan.height}" if plan is not None and plan.version == software.version else ""
        raise WrongSoftware(
            f"the chain is at height {height - 1} and runs version {rules}{until}, and this is version "
            f"{software.version}: start version {rules} on the same folder",
            rules,
        )


def require_genesis(software: Software, genesis_version: int) -> None:
    """This software executes the chain's first block (0: the genesis names no version). Raises: WrongSoftware."""
    if genesis_version not in (0, software.version):
        raise WrongSoftware(
            f"the chain began with version {genesis_version}, and this is version {software.version}: start version "
            f"{genesis_version}, which goes up to the first upgrade, or join by state sync",
            genesis_version,
        )


def migrate(committed: Committed, software: Software, last: BlockInfo) -> dict[bytes, Any]:
    """What the software changes before the next block, by key: nothing but where it is the upgrade's first block.

    Raises: WrongSoftware; InvariantBroken for software that has no migration to its version.
    """
    plan, height = UPGRADE.get(committed, b""), last.height + 1
    if plan is None or plan.height != height or plan.version != software.version:
        require_software(committed, software, height)
        return {}
    migration = software.migrations.get(software.version)
    if migration is None:
        raise InvariantBroken(f"version {software.version} has no migration of its own: register one")
    overlay = Overlay(committed)
    migration(Context(overlay, chain_id=last.chain_id, height=height, time_s=last.time_s))
    PARAMETERS.put(overlay, b"", parameters(overlay)._replace(app_version=software.version))
    UPGRADE.delete(overlay, b"")
    return overlay.changes
