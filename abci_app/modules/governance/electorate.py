"""Who the operators are, and how many of them decide."""

from __future__ import annotations

from collections.abc import Sequence

from abci_app.core import check
from abci_app.core.context import State
from abci_app.core.refusal import Refusal
from abci_app.modules.governance.keys import ELECTORATE, PARAMETERS
from wire.accounts import Role
from wire.governance import Electorate, GovernanceParameters, Proposal
from wire.results import Code

MAX_OPERATORS = 64
MIN_VOTING_S, MAX_VOTING_S = 60, 31_622_400


def default_threshold(operators: int) -> int:
    """More than two thirds, as CometBFT has it for power."""
    return 2 * operators // 3 + 1


def parameters_of(state: State) -> GovernanceParameters:
    """The parameters in force."""
    return PARAMETERS.get(state, b"") or GovernanceParameters()


def operators_of(state: State) -> tuple[bytes, ...]:
    """The operators' addresses, ascending."""
    return (ELECTORATE.get(state, b"") or Electorate()).operators


def operators_after(state: State, address: bytes, roles: Sequence[Role]) -> tuple[bytes, ...]:
    """The operators once the account has these roles."""
    others = [operator for operator in operators_of(state) if operator != address]
    return tuple(sorted([*others, address] if Role.ROLE_OPERATOR in roles else others))


def set_operators(state: State, operators: tuple[bytes, ...]) -> None:
    """Keep the list in step with the accounts' roles."""
    if operators != operators_of(state):
        ELECTORATE.put(state, b"", Electorate(operators))


def valid_approvals(state: State, proposal: Proposal) -> int:
    """How many approve that are operators still."""
    operators = operators_of(state)
    return sum(1 for approval in proposal.approvals if approval in operators)


def require_decidable(threshold: int, operators: int) -> None:
    """So many operators can decide, and no two groups of them can decide against each other.

    Raises: Refusal OUT_OF_BOUNDS.
    """
    check.within("operators", operators, 1, MAX_OPERATORS)
    least = operators // 2 + 1
    if not least <= threshold <= operators:
        raise Refusal(
            Code.OUT_OF_BOUNDS,
            f"threshold = {threshold} of {operators} operators: it must be more than half and at most all, {least} to "
            f"{operators}; change threshold or operators step by step",
        )
