"""Which heights of a chain a record has."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """The lowest and the highest height that are there."""

    first: int
    last: int
