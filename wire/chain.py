"""What belongs to the chain itself rather than to a module: parameters, due work, quotas."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.accounts import Role
from wire.fields import choice_of, many, one, raw, text, uint


class Moment(IntEnum):
    """Points in time that modules wait for. In one block they come in order of time, then of number."""

    MOMENT_UNSPECIFIED = 0
    # A book's gate closes. Key: grid, product, slot.
    MOMENT_GATE = 1
    # Every member of a grid has proved a slot. Key: grid, slot.
    MOMENT_SLOT_PROVED = 2
    # A slot settles with the proofs that are there. Key: grid, slot.
    MOMENT_SLOT_DEADLINE = 3
    # The records of a slot are dropped. Key: grid, slot.
    MOMENT_SLOT_FORGOTTEN = 4
    # The validators' pool is shared out. Key: empty.
    MOMENT_PAYOUT = 5
    # A proposal closes without enough approvals. Key: its number.
    MOMENT_PROPOSAL_EXPIRES = 6
    # A slot with phase orders ends. Key: grid, slot.
    MOMENT_SWITCHING_ENDS = 7
    # A session of control gets no signal in time. Key: grid, slot, session.
    MOMENT_CONTROL_ENDS = 8


class DueItem(NamedTuple):
    """Something to do at the first block at or after its time."""

    moment: Annotated[Moment, choice_of(1, Moment)] = Moment.MOMENT_UNSPECIFIED
    time_s: Annotated[int, uint(2)] = 0
    key: Annotated[bytes, raw(3)] = b""


class DueFailed(NamedTuple):
    """Event: a piece of due work was refused, changed nothing and is not tried again."""

    item: Annotated[DueItem | None, one(1, DueItem)] = None
    code: Annotated[int, uint(2)] = 0
    reason: Annotated[str, text(3)] = ""


class Quota(NamedTuple):
    """How many transactions one account of a role may have in a block."""

    role: Annotated[Role, choice_of(1, Role)] = Role.ROLE_UNSPECIFIED
    transactions: Annotated[int, uint(2)] = 0


class ChainParameters(NamedTuple):
    """The chain's name, the version of its rules, and limits of transactions. ``modules`` are those switched on."""

    max_expiry_s: Annotated[int, uint(1)] = 0
    quotas: Annotated[tuple[Quota, ...], many(one(2, Quota))] = ()
    modules: Annotated[tuple[str, ...], many(text(3))] = ()
    genesis_time_s: Annotated[int, uint(4)] = 0
    chain_id: Annotated[str, text(5)] = ""
    app_version: Annotated[int, uint(6)] = 0


class UpgradePlan(NamedTuple):
    """The version of the software whose rules hold from the block at ``height`` on."""

    version: Annotated[int, uint(1)] = 0
    height: Annotated[int, uint(2)] = 0


class Validator(NamedTuple):
    """A validator: its consensus key, its share of the power, and the account that its rewards go to."""

    public_key: Annotated[bytes, raw(1)] = b""
    power: Annotated[int, uint(2)] = 0
    operator: Annotated[bytes, raw(3)] = b""


class BlockInfo(NamedTuple):
    """The last block. It stands outside the Merkle tree, so that an empty block leaves the app hash as it is."""

    height: Annotated[int, uint(1)] = 0
    time_s: Annotated[int, uint(2)] = 0
    chain_id: Annotated[str, text(3)] = ""
    app_hash: Annotated[bytes, raw(4)] = b""


class GetParametersRequest(NamedTuple):
    """Query: the chain's parameters."""


class GetParametersResponse(NamedTuple):
    """Parameters, validators, the last block and the planned upgrade."""

    parameters: Annotated[ChainParameters | None, one(1, ChainParameters)] = None
    validators: Annotated[tuple[Validator, ...], many(one(2, Validator))] = ()
    block: Annotated[BlockInfo | None, one(3, BlockInfo)] = None
    upgrade: Annotated[UpgradePlan | None, one(4, UpgradePlan)] = None
