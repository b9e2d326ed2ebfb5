"""The settlement module, put together."""

from __future__ import annotations

from abci_app.modules.module import Module
from abci_app.modules.settlement.genesis import write
from abci_app.modules.settlement.handlers import ACTIONS
from abci_app.modules.settlement.invariants import check_certificates
from abci_app.modules.settlement.payouts import pay_validators
from abci_app.modules.settlement.queries import QUERIES
from abci_app.modules.settlement.slot import forget, settle
from wire.chain import Moment

MODULE = Module(
    "settlement",
    write,
    ACTIONS,
    QUERIES,
    {
        Moment.MOMENT_SLOT_PROVED: settle,
        Moment.MOMENT_SLOT_DEADLINE: settle,
        Moment.MOMENT_SLOT_FORGOTTEN: forget,
        Moment.MOMENT_PAYOUT: pay_validators,
    },
    check_certificates,
)
