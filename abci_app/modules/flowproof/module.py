"""The flowproof module, put together. It needs nothing from the genesis."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.modules.flowproof.handlers import ACTIONS
from abci_app.modules.flowproof.keys import PROOFS, SLOTS
from abci_app.modules.flowproof.queries import QUERIES
from abci_app.modules.genesis_types import Section
from abci_app.modules.module import Module
from wire.chain import Moment


class FlowproofGenesis(Section):
    """Part ``flowproof``: empty."""


def write(_: Context, __: FlowproofGenesis) -> None:
    """Nothing is proved before the first slot."""


def forget(context: Context, key: bytes) -> None:
    """Drop the proofs of a slot that is long over; evidence stays."""
    for proof_key, _ in list(PROOFS.items(context.state, key)):
        PROOFS.delete(context.state, proof_key)
    SLOTS.delete(context.state, key)


MODULE = Module("flowproof", write, ACTIONS, QUERIES, {Moment.MOMENT_SLOT_FORGOTTEN: forget})
