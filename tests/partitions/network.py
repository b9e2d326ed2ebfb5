"""Validators whose ways to each other can be broken, whatever breaks them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from node.localnet.localnet import Localnet

Link = tuple[int, int]
"""A way between two validators by their numbers, the smaller one first."""


class Network(Protocol):
    """A localnet and the ways between its validators."""

    net: Localnet

    def allow(self, links: frozenset[Link]) -> None:
        """Let these ways be open and all others shut."""


def all_links(validators: int) -> frozenset[Link]:
    """Every way there is."""
    return frozenset((one, other) for other in range(validators) for one in range(other))


def links_within(*groups: Iterable[int]) -> frozenset[Link]:
    """The ways that are left when validators of different groups cannot reach each other."""
    members = [sorted(group) for group in groups]
    return frozenset((one, other) for group in members for one in group for other in group if one < other)
