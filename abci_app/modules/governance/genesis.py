"""Who decides from the start, and how."""

from __future__ import annotations

from pydantic import Field

from abci_app.core.context import Context
from abci_app.modules.accounts.api import accounts_with
from abci_app.modules.genesis_types import Section
from abci_app.modules.governance.electorate import (
    MAX_OPERATORS,
    MAX_VOTING_S,
    MIN_VOTING_S,
    default_threshold,
    require_decidable,
    set_operators,
)
from abci_app.modules.governance.keys import PARAMETERS
from abci_app.modules.governance.validators import register
from abci_app.state.singles import VALIDATORS
from wire.accounts import Role
from wire.governance import GovernanceParameters


class GovernanceGenesis(Section):
    """Part ``governance``. The operators are the accounts with that role; there must be one."""

    threshold: int | None = Field(default=None, ge=1, le=MAX_OPERATORS)
    voting_s: int = Field(default=604_800, ge=MIN_VOTING_S, le=MAX_VOTING_S)


def write(context: Context, part: GovernanceGenesis) -> None:
    """Write parameters and operators, and keep the first validators' keys. Raises: Refusal OUT_OF_BOUNDS."""
    operators = tuple(account.address for account in accounts_with(context.state, Role.ROLE_OPERATOR))
    threshold = default_threshold(len(operators)) if part.threshold is None else part.threshold
    require_decidable(threshold, len(operators))
    # After this point the action must succeed.
    PARAMETERS.put(context.state, b"", GovernanceParameters(threshold, part.voting_s))
    set_operators(context.state, operators)
    for validator in VALIDATORS.values(context.state):
        register(context, validator)
