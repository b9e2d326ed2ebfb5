"""Which version of the rules this software has, and how it changes the state that the version before it left.

A change that alters what a block does is a new version: raise ``VERSION`` and give its migration, which may do nothing.
Operators agree on the height with a proposal (docs/governance.md, Upgrades); ``abci_app.upgrade`` keeps to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from abci_app.core.context import Context

# Writes to the state before the first block of its version; the context's time is that of the block before.
Migration = Callable[[Context], None]

VERSION: Final = 1
# By the version that they lead to.
MIGRATIONS: Final[Mapping[int, Migration]] = MappingProxyType({})


class Software(NamedTuple):
    """The rules that a program can execute, and the step that leads to them from the version before."""

    version: int
    migrations: Mapping[int, Migration]


THIS_SOFTWARE: Final = Software(VERSION, MIGRATIONS)
