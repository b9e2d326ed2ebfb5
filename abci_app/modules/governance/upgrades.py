"""An upgrade is planned for a height, or given up; what happens at that height is ``abci_app.upgrade``'s matter."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.state.singles import UPGRADE, parameters
from wire.chain import UpgradePlan
from wire.governance import CancelUpgrade, UpgradeCancelled, UpgradePlanned
from wire.results import Code

# Blocks between the decision and the upgrade: enough to cancel it, and no further than anybody can foresee.
MIN_LEAD_BLOCKS, MAX_LEAD_BLOCKS = 5, 100_000_000


def name_plan(context: Context, _: UpgradePlan) -> None:
    """Raises: Refusal ALREADY_EXISTS."""
    planned = UPGRADE.get(context.state, b"")
    if planned is not None:
        raise Refusal(
            Code.ALREADY_EXISTS,
            f"version {planned.version} is planned for height {planned.height} already: cancel that first",
        )


def bound_plan(context: Context, message: UpgradePlan) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    next_version = parameters(context.state).app_version + 1
    check.within("version", message.version, next_version, next_version)
    check.within("height", message.height, context.height + MIN_LEAD_BLOCKS, context.height + MAX_LEAD_BLOCKS)


def apply_plan(context: Context, message: UpgradePlan) -> None:
    """Write what was checked."""
    UPGRADE.put(context.state, b"", message)
    context.emit(UpgradePlanned(message))


def name_cancellation(context: Context, message: CancelUpgrade) -> None:
    """Raises: Refusal UNKNOWN_PROPOSAL."""
    planned = UPGRADE.get(context.state, b"")
    if planned is None or planned.version != message.version:
        raise Refusal(
            Code.UNKNOWN_PROPOSAL,
            f"version = {message.version}: no upgrade to it is planned; look at the plan with "
            "`vdg query governance governance`",
        )


def apply_cancellation(context: Context, _: CancelUpgrade) -> None:
    """Write what was checked."""
    planned = UPGRADE.get(context.state, b"")
    UPGRADE.delete(context.state, b"")
    context.emit(UpgradeCancelled(planned))
