"""The governance module, put together."""

from __future__ import annotations

from abci_app.modules.governance.genesis import write
from abci_app.modules.governance.handlers import ACTIONS
from abci_app.modules.governance.invariants import check_governance
from abci_app.modules.governance.proposals import expire
from abci_app.modules.governance.queries import QUERIES
from abci_app.modules.governance.validators import punish
from abci_app.modules.module import Module
from wire.chain import Moment

MODULE = Module(
    "governance",
    write,
    ACTIONS,
    QUERIES,
    {Moment.MOMENT_PROPOSAL_EXPIRES: expire},
    check_governance,
    punish,
)
