"""One number a slot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Indices = NDArray[np.int32]


def vector(values: ArrayLike) -> Vector:
    """The values as a vector of floats; it must not be changed afterwards."""
    return np.asarray(values, dtype=np.float64)


def runs(slots: Sequence[int]) -> str:
    """Ascending slots for people: ``3, 7-9``."""
    parts: list[list[int]] = []
    for slot in slots:
        if parts and slot == parts[-1][1] + 1:
            parts[-1][1] = slot
        else:
            parts.append([slot, slot])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
