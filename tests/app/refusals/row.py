"""What a row is, and the list of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.app.chain import Chain
from wire.results import Code


class Row(NamedTuple):
    """``make`` prepares what ``chain`` makes and returns the transaction; its message must say all of ``says``."""

    code: Code
    sentence: str
    make: Callable[[Chain], bytes]
    says: tuple[str, ...] = ()
    chain: Callable[[], Chain] = Chain


ROWS: list[Row] = []


def row(
    code: Code, *says: str, chain: Callable[[], Chain] = Chain
) -> Callable[[Callable[[Chain], bytes]], Callable[[Chain], bytes]]:
    """Make a function a row; its name is the sentence."""

    def add(make: Callable[[Chain], bytes]) -> Callable[[Chain], bytes]:
        ROWS.append(Row(code, make.__name__.replace("_", " "), make, says, chain))
        return make

    return add
