"""A scenario that is ready to run: everything read, named and checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from node.messages.schema import Query
from node.scenario.expectation import Pattern
from node.scenario.keyring import Keyring
from node.scenario.times import Clock
from wire.governance import Offence
from wire.results import Code


class Mutation(Enum):
    """How a transaction is spoilt on its way."""

    WRONG_SIGNATURE = "wrong_signature"
    WRONG_CHAIN = "wrong_chain"
    EXPIRED = "expired"
    REPLAY = "replay"
    TRUNCATE = "truncate"
    UNKNOWN_FIELD = "unknown_field"
    OVERSIZE = "oversize"


class FlowProofs(NamedTuple):
    """Proofs to be signed for a slot: net flow by account (Wh), and the meters they name."""

    vdg: str
    slot: int
    flows_wh: dict[str, int]
    meters: dict[str, str]
    signed_by: str | None


class NewKey(NamedTuple):
    """A rotation to the key of this name, which signs for it."""

    name: str


class RawBytes(NamedTuple):
    """Bytes that are sent as they are."""

    data: bytes


class Again(NamedTuple):
    """The bytes of the sender's last transaction once more."""


@dataclass(frozen=True)
class TxExpectation:
    """What must become of a transaction; ``message`` is a part of the result's text."""

    line: int
    code: Code | None = None
    message: str = ""
    events: tuple[Pattern, ...] = ()


@dataclass(frozen=True)
class TxPlan:
    """A transaction. ``content`` is a message of the wire or one of the classes above; ``name`` is its name."""

    line: int
    sender: str
    name: str
    content: Any
    expectation: TxExpectation
    nonce: int | None = None
    expires_s: int | None = None
    sign_with: str | None = None
    mutation: Mutation | None = None


@dataclass(frozen=True)
class QueryPlan:
    """A query, and the fields that its response must have."""

    line: int
    query: Query
    request: Any
    expected: dict[str, Any] | None = None


@dataclass(frozen=True)
class BlockPlan:
    """A block. ``queries`` are shown, ``balances`` are only checked.

    ``misbehaviour`` has the consensus keys of those reported, ``silent`` of those that did not sign the block before.
    """

    line: int
    time_s: int
    transactions: tuple[TxPlan, ...]
    queries: tuple[QueryPlan, ...]
    balances: tuple[QueryPlan, ...] = ()
    events: tuple[Pattern, ...] = ()
    no_events: tuple[Pattern, ...] = ()
    app_hash: str | None = None
    misbehaviour: tuple[tuple[bytes, Offence], ...] = ()
    silent: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The whole scenario. ``validators`` are consensus keys with their power."""

    title: str
    about: str
    chain_id: str
    start_s: int
    app_state: bytes
    genesis_line: int
    modules: tuple[str, ...]
    max_expiry_s: int
    validators: tuple[tuple[bytes, int], ...]
    names: Keyring
    clock: Clock
    blocks: tuple[BlockPlan, ...]
