"""Who takes part, and what they may do."""

from __future__ import annotations

from collections.abc import Sequence

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from node.audit.case import Case, Denied, require
from wire.accounts import (
    Account,
    AccountAdmitted,
    AccountFrozen,
    AdmitAccount,
    KeyRotated,
    Role,
    RolesChanged,
    RotateKey,
    SetFrozen,
    SetRoles,
    rotation_bytes,
)
from wire.address import address_of
from wire.chain import ChainParameters
from wire.results import Code

_RESERVED = {Role.ROLE_ISSUER, Role.ROLE_REGISTRAR, Role.ROLE_OPERATOR}


def known(case: Case, address: bytes) -> Account:
    """The account. Raises: Denied UNKNOWN_ACCOUNT."""
    account = case.books.accounts.get(address)
    if account is None:
        raise Denied(Code.UNKNOWN_ACCOUNT)
    return account


def having(case: Case, address: bytes, role: Role) -> None:
    """The account has a role. Raises: Denied UNKNOWN_ACCOUNT, WRONG_ROLE."""
    require(role in known(case, address).roles, Code.WRONG_ROLE)


def signed_by(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature is the key's, as libsodium has it."""
    try:
        VerifyKey(public_key).verify(data, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def _governed(case: Case) -> bool:
    """Whether operators decide on this chain."""
    return "governance" in (case.books.parameters.get(None) or ChainParameters()).modules


def _require_left_alone(case: Case, before: Sequence[Role], after: Sequence[Role]) -> None:
    """Where operators decide, no registrar gives or takes the roles that lead to all others."""
    changed = set(before) ^ set(after)
    require(not (changed & _RESERVED and _governed(case)), Code.NOT_ALLOWED)


def admit(case: Case, m: AdmitAccount) -> None:
    require(case.books.accounts.get(address_of(m.public_key)) is None, Code.ALREADY_EXISTS)
    _require_left_alone(case, (), m.roles)
    open_account(case, m)


def open_account(case: Case, m: AdmitAccount) -> None:
    """Write an account. Raises: Denied ALREADY_EXISTS."""
    address = address_of(m.public_key)
    require(case.books.accounts.get(address) is None, Code.ALREADY_EXISTS)
    case.books.accounts.put(address, Account(address, m.public_key, m.roles, False, m.label))
    case.events.append(AccountAdmitted(address, m.public_key, m.roles, m.label))


def set_roles(case: Case, m: SetRoles) -> None:
    account = known(case, m.address)
    require(m.address != case.sender or Role.ROLE_REGISTRAR in m.roles, Code.NOT_ALLOWED)
    _require_left_alone(case, account.roles, m.roles)
    give_roles(case, m)


def give_roles(case: Case, m: SetRoles) -> None:
    """Write an account's roles. Raises: Denied UNKNOWN_ACCOUNT."""
    account = known(case, m.address)
    case.books.accounts.put(m.address, account._replace(roles=m.roles))
    case.events.append(RolesChanged(m.address, m.roles))


def rotate(case: Case, m: RotateKey) -> None:
    asked = rotation_bytes(case.chain_id, case.sender, m.public_key)
    require(signed_by(m.public_key, m.proof, asked), Code.BAD_SIGNATURE)
    account = known(case, case.sender)
    require(account.public_key != m.public_key, Code.ALREADY_EXISTS)
    case.books.accounts.put(case.sender, account._replace(public_key=m.public_key))
    case.events.append(KeyRotated(case.sender, m.public_key))


def set_frozen(case: Case, m: SetFrozen) -> None:
    account = known(case, m.address)
    require(m.address != case.sender, Code.NOT_ALLOWED)
    require(not (Role.ROLE_OPERATOR in account.roles and _governed(case)), Code.NOT_ALLOWED)
    case.books.accounts.put(m.address, account._replace(frozen=m.frozen))
    case.events.append(AccountFrozen(m.address, m.frozen))
