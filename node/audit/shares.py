"""Whole parts of a whole."""

from __future__ import annotations

from collections.abc import Sequence

from node.audit.case import Denied
from wire.results import Code

LARGEST = 2**63 - 1


def by_largest_remainder(total: int, weights: Sequence[int], ranks: Sequence[bytes]) -> list[int]:
    """Shares of a total: rounded down, then one each to the largest remainders, equal ones in order of rank."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    exact = [divmod(total * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in exact]
    order = sorted(range(len(exact)), key=lambda index: (-exact[index][1], ranks[index]))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def dealt(total: int, places: int, first: int = 0) -> list[int]:
    """How many of ``total`` Wh each place of a block gets, dealt out like cards after ``first`` others were."""

    def until(count: int, place: int) -> int:
        return (count - place + places - 1) // places

    return [until(first + total, place) - until(first, place) for place in range(places)]


def fitting(value: int) -> int:
    """The value. Raises: Denied AMOUNT_OVERFLOW beyond signed 64 bits (both ends alike)."""
    if abs(value) > LARGEST:
        raise Denied(Code.AMOUNT_OVERFLOW)
    return value
