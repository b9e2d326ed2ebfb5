"""What a module is made of, so that the registry can put modules together by genesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from abci_app.core.context import Context
from wire.accounts import Role
from wire.chain import Moment
from wire.governance import Misbehaviour

Handler = Callable[[Context, Any], None]
Query = Callable[[Context, Any], Any]


class Action(NamedTuple):
    """How one message is treated: checked without state, allowed by role (any of them; none = anybody), handled."""

    check: Callable[[Any], None]
    roles: tuple[Role, ...]
    handle: Handler


class Module(NamedTuple):
    """One capability of the chain.

    ``genesis`` writes the module's part of the genesis; ``moments`` are called with the due item's key;
    ``invariants`` are called at the end of a block with the keys that it changed and raise InvariantBroken.
    ``misbehaviour`` is called at its beginning with each report of CometBFT's.
    """

    name: str
    genesis: Callable[[Context, Any], None]
    actions: Mapping[type[Any], Action]
    queries: Mapping[type[Any], Query]
    moments: Mapping[Moment, Callable[[Context, bytes], None]]
    invariants: Callable[[Context, Mapping[bytes, Any]], None] | None = None
    misbehaviour: Callable[[Context, Misbehaviour], None] | None = None
