"""Who decides, how many of them must agree, and which accounts become operators by it."""

from __future__ import annotations

from collections.abc import Sequence

from node.audit import accounts
from node.audit.case import Case, require
from wire.accounts import AdmitAccount, Role, SetRoles
from wire.address import address_of
from wire.governance import Electorate, GovernanceParameters, Proposal
from wire.results import Code

_MOST_OPERATORS = 64
VOTING_S = (60, 31_622_400)


def parameters(case: Case) -> GovernanceParameters:
    """Threshold and time."""
    return case.books.governance.get(None) or GovernanceParameters()


def operators(case: Case) -> tuple[bytes, ...]:
    """In order of address."""
    return (case.books.electorate.get(None) or Electorate()).operators


def after(case: Case, address: bytes, roles: Sequence[Role]) -> tuple[bytes, ...]:
    """The operators once an account has these roles."""
    own = {address} if Role.ROLE_OPERATOR in roles else set()
    return tuple(sorted(set(operators(case)) - {address} | own))


def seat(case: Case, new: tuple[bytes, ...]) -> None:
    """Make them the operators."""
    if new != operators(case):
        case.books.electorate.put(None, Electorate(new))


def approvals(case: Case, proposal: Proposal) -> int:
    """Those of present operators count."""
    return len(set(proposal.approvals) & set(operators(case)))


def require_decidable(threshold: int, count: int) -> None:
    """More than half must agree, and they can. Raises: Denied OUT_OF_BOUNDS."""
    require(1 <= count <= _MOST_OPERATORS and count < 2 * threshold <= 2 * count, Code.OUT_OF_BOUNDS)


def _bound(case: Case, new: tuple[bytes, ...]) -> None:
    if new != operators(case):
        require_decidable(parameters(case).threshold, len(new))


def name_admission(case: Case, m: AdmitAccount) -> None:
    require(case.books.accounts.get(address_of(m.public_key)) is None, Code.ALREADY_EXISTS)


def bound_admission(case: Case, m: AdmitAccount) -> None:
    _bound(case, after(case, address_of(m.public_key), m.roles))


def admit(case: Case, m: AdmitAccount) -> None:
    seat(case, after(case, address_of(m.public_key), m.roles))
    accounts.open_account(case, m)


def name_roles(case: Case, m: SetRoles) -> None:
    accounts.known(case, m.address)


def bound_roles(case: Case, m: SetRoles) -> None:
    _bound(case, after(case, m.address, m.roles))


def set_roles(case: Case, m: SetRoles) -> None:
    seat(case, after(case, m.address, m.roles))
    accounts.give_roles(case, m)
