"""The modules that there are, and those that a chain's genesis switches on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from abci_app.core.context import Context
from abci_app.modules.accounts.module import MODULE as ACCOUNTS
from abci_app.modules.asset.module import MODULE as ASSET
from abci_app.modules.control.module import MODULE as CONTROL
from abci_app.modules.flowproof.module import MODULE as FLOWPROOF
from abci_app.modules.governance.module import MODULE as GOVERNANCE
from abci_app.modules.grid.module import MODULE as GRID
from abci_app.modules.ledger.module import MODULE as LEDGER
from abci_app.modules.market.module import MODULE as MARKET
from abci_app.modules.module import Action, Module, Query
from abci_app.modules.settlement.module import MODULE as SETTLEMENT
from wire.chain import Moment
from wire.governance import Misbehaviour

# Lower ones first: a module may call those before it, through their api only.
MODULES: tuple[Module, ...] = (ACCOUNTS, LEDGER, GRID, ASSET, MARKET, FLOWPROOF, SETTLEMENT, CONTROL, GOVERNANCE)


class Registry:
    """What the modules of one chain do together."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.modules = tuple(module for module in MODULES if module.name in names)
        actions: dict[type[Any], Action] = {}
        queries: dict[str, tuple[type[Any], Query]] = {}
        moments: dict[Moment, list[Callable[[Context, bytes], None]]] = {moment: [] for moment in Moment}
        for module in self.modules:
            actions.update(module.actions)
            for request, query in module.queries.items():
                queries[f"/{module.name}/{request.__name__.removesuffix('Request')}"] = (request, query)
            for moment, handler in module.moments.items():
                moments[moment].append(handler)
        self.actions: Mapping[type[Any], Action] = MappingProxyType(actions)
        self.queries: Mapping[str, tuple[type[Any], Query]] = MappingProxyType(queries)
        self.moments: Mapping[Moment, list[Callable[[Context, bytes], None]]] = MappingProxyType(moments)

    def report(self, context: Context, found: Misbehaviour) -> None:
        """Have the modules that care act on what CometBFT proved of a validator."""
        for module in self.modules:
            if module.misbehaviour is not None:
                module.misbehaviour(context, found)

    def check_invariants(self, before: Context, changes: Mapping[bytes, Any]) -> None:
        """Have every module check what a block changed. Raises: InvariantBroken."""
        for module in self.modules:
            if module.invariants is not None:
                module.invariants(before, changes)
