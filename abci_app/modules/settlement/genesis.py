"""How settlement is set up."""

from __future__ import annotations

from pydantic import Field

from abci_app.core.context import Context
from abci_app.modules.genesis_types import Section
from abci_app.modules.settlement.keys import MAX_KEEP_SLOTS, MAX_PAYOUT_S, PARAMETERS
from abci_app.state.due import schedule
from wire.chain import Moment
from wire.settlement import SettlementParameters


class SettlementGenesis(Section):
    """Part ``settlement``: how often validators are paid, and how long a settled slot's records are kept."""

    payout_s: int = Field(default=86_400, ge=1, le=MAX_PAYOUT_S)
    keep_slots: int = Field(default=1008, ge=0, le=MAX_KEEP_SLOTS)


def write(context: Context, part: SettlementGenesis) -> None:
    """Write the parameters and wait for the first payout."""
    PARAMETERS.put(context.state, b"", SettlementParameters(part.payout_s, part.keep_slots))
    schedule(context.state, Moment.MOMENT_PAYOUT, context.time_s + part.payout_s)
