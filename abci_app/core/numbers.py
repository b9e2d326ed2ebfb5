"""Integer rules of consensus: the 64-bit bound, and sharing by largest remainder."""

from __future__ import annotations

from collections.abc import Sequence

from abci_app.core.refusal import Refusal
from wire.codec import MAX_INT64
from wire.results import Code


def bounded(value: int, field: str) -> int:
    """The value itself, if it fits signed 64 bits.

    Raises: Refusal AMOUNT_OVERFLOW.
    """
    if not -MAX_INT64 <= value <= MAX_INT64:
        raise Refusal(Code.AMOUNT_OVERFLOW, f"{field} = {value} does not fit signed 64 bits: use smaller amounts")
    return value


def share(total: int, weights: Sequence[int], ranks: Sequence[bytes]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` into integers that sum to it exactly.

    Largest remainder (MODEL section 5, rule 3): everyone gets the floor; what is left goes one by one to the
    largest remainders, equal ones in ascending order of ``ranks``. All zeros when the weights are.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    if left:
        order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), ranks[i]))
        for index in order[:left]:
            parts[index] += 1
    return parts


def split_evenly(total: int, parts: int) -> list[int]:
    """Split into equal integers; what is left goes one each to the first ones (MODEL section 4)."""
    floor, left = divmod(total, parts)
    return [floor + 1 if index < left else floor for index in range(parts)]
