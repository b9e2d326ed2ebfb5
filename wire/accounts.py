"""Accounts: who takes part, with which key and roles (MODEL section 2)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.fields import choice_of, flag, many, one, raw, text, uint


class Role(IntEnum):
    """What an account may do."""

    ROLE_UNSPECIFIED = 0
    ROLE_HOUSEHOLD = 1
    ROLE_DSO = 2
    ROLE_SUPPLIER = 3
    ROLE_AGGREGATOR = 4
    ROLE_ISSUER = 5
    ROLE_REGISTRAR = 6
    ROLE_OPERATOR = 7
    ROLE_CONTROLLER = 8
    ROLE_MANUFACTURER = 9
    ROLE_ORACLE = 10


class Account(NamedTuple):
    """An admitted account. ``label`` is for people; it never names a person (pseudonyms, MODEL section 2)."""

    address: Annotated[bytes, raw(1)] = b""
    public_key: Annotated[bytes, raw(2)] = b""
    roles: Annotated[tuple[Role, ...], many(choice_of(3, Role))] = ()
    frozen: Annotated[bool, flag(4)] = False
    label: Annotated[str, text(5)] = ""


class NonceWindow(NamedTuple):
    """Which nonces are used: the highest, and a bit for each of the 128 up to it (RFC 4303, section 3.4.3)."""

    highest: Annotated[int, uint(1)] = 0
    used_high: Annotated[int, uint(2)] = 0
    used_low: Annotated[int, uint(3)] = 0


class AdmitAccount(NamedTuple):
    """The registrar admits a key with its roles."""

    public_key: Annotated[bytes, raw(1)] = b""
    roles: Annotated[tuple[Role, ...], many(choice_of(2, Role))] = ()
    label: Annotated[str, text(3)] = ""


class SetRoles(NamedTuple):
    """The registrar replaces an account's roles."""

    address: Annotated[bytes, raw(1)] = b""
    roles: Annotated[tuple[Role, ...], many(choice_of(2, Role))] = ()


class RotateKey(NamedTuple):
    """The sender replaces its key. ``proof`` is the new key's signature over ``rotation_bytes``."""

    public_key: Annotated[bytes, raw(1)] = b""
    proof: Annotated[bytes, raw(2)] = b""


class SetFrozen(NamedTuple):
    """The registrar freezes an account (it can send nothing) or thaws it."""

    address: Annotated[bytes, raw(1)] = b""
    frozen: Annotated[bool, flag(2)] = False


class AccountAdmitted(NamedTuple):
    """Event: an account is there."""

    address: Annotated[bytes, raw(1)] = b""
    public_key: Annotated[bytes, raw(2)] = b""
    roles: Annotated[tuple[Role, ...], many(choice_of(3, Role))] = ()
    label: Annotated[str, text(4)] = ""


class RolesChanged(NamedTuple):
    """Event: an account's roles were replaced."""

    address: Annotated[bytes, raw(1)] = b""
    roles: Annotated[tuple[Role, ...], many(choice_of(2, Role))] = ()


class KeyRotated(NamedTuple):
    """Event: from now on the account signs with this key."""

    address: Annotated[bytes, raw(1)] = b""
    public_key: Annotated[bytes, raw(2)] = b""


class AccountFrozen(NamedTuple):
    """Event: an account was frozen or thawed."""

    address: Annotated[bytes, raw(1)] = b""
    frozen: Annotated[bool, flag(2)] = False


class GetAccountRequest(NamedTuple):
    """Query: one account."""

    address: Annotated[bytes, raw(1)] = b""


class GetAccountResponse(NamedTuple):
    """The account and its nonces; ``found`` is false when nobody admitted it."""

    found: Annotated[bool, flag(1)] = False
    account: Annotated[Account | None, one(2, Account)] = None
    nonces: Annotated[NonceWindow | None, one(3, NonceWindow)] = None


class ListAccountsRequest(NamedTuple):
    """Query: accounts in order of address, ``limit`` at a time (at most 1,000), after ``page_token``."""

    page_token: Annotated[bytes, raw(1)] = b""
    limit: Annotated[int, uint(2)] = 0


class ListAccountsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    accounts: Annotated[tuple[Account, ...], many(one(1, Account))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


def rotation_bytes(chain_id: str, address: bytes, public_key: bytes) -> bytes:
    """What a new key signs to show that its owner has it: domain tag, chain id, address, new key."""
    chain = chain_id.encode()
    return b"vdg/rotate-key/v1" + bytes((len(chain),)) + chain + address + public_key
