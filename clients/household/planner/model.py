"""A linear program while it is being put together: columns, rows, entries, and the limits that may give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clients.household.planner.limit import Limit, Slack
from clients.household.planner.vector import Indices, Vector

INFINITY = float("inf")

# The largest cost is scaled to this, so that the solver's tolerances (1e-7 and below) mean the same for any currency.
_SCALED_COST = 1e5
# Added per Wh that flows, in scaled cost: of plans that cost the same, the one that moves least. It is 1e-10 of the
# largest price, so what a plan costs stays optimal to 1e-9; and above the dual tolerance, so it is seen.
_TIE_COST = 1e-5


class Arrays(NamedTuple):
    """A program as solvers take it: minimise ``cost`` x, ``lower`` <= x <= ``upper``, rows between their bounds.

    The matrix is stored by columns. ``neur``: what x costs, without scaling and preferences among equals.
    """

    cost: Vector
    neur: Vector
    lower: Vector
    upper: Vector
    integer: NDArray[np.int32]
    row_lower: Vector
    row_upper: Vector
    starts: Indices
    rows: Indices
    values: Vector


class Model:
    """A program under construction. If ``elastic``, limits that carry a `Limit` may be exceeded by slack columns."""

    def __init__(self, *, elastic: bool) -> None:
        self.elastic = elastic
        self.slacks: list[Slack] = []
        self._columns = 0
        self._rows = 0
        self._column_parts: list[tuple[Vector, Vector, Vector, Vector, Vector]] = []
        self._row_parts: list[tuple[Vector, Vector]] = []
        self._entries: list[tuple[Indices, Indices, Vector]] = []

    def columns(
        self,
        count: int,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = INFINITY,
        *,
        neur_per_wh: ArrayLike = 0.0,
        moves: bool = False,
        integer: bool = False,
    ) -> Indices:
        """New columns within bounds. ``moves``: they are flows, of which a plan should have as little as it needs."""
        first, self._columns = self._columns, self._columns + count
        tie = _TIE_COST if moves else 0.0
        self._column_parts.append(
            (
                _filled(count, neur_per_wh),
                _filled(count, tie),
                _filled(count, lower),
                _filled(count, upper),
                _filled(count, float(integer)),
            )
        )
        return np.arange(first, first + count, dtype=np.int32)

    def rows(self, count: int, lower: ArrayLike, upper: ArrayLike) -> Indices:
        """New rows, empty so far."""
        first, self._rows = self._rows, self._rows + count
        self._row_parts.append((_filled(count, lower), _filled(count, upper)))
        return np.arange(first, first + count, dtype=np.int32)

    def put(self, rows: Indices, columns: Indices, values: ArrayLike) -> None:
        """Entries of the matrix, one for each pair of a row and a column."""
        rows, columns = np.broadcast_arrays(rows, columns)
        self._entries.append((rows, columns, np.broadcast_to(np.asarray(values, dtype=np.float64), rows.shape)))

    def soft_rows(self, limit: Limit, owner: str, count: int, lower: ArrayLike, upper: ArrayLike) -> Indices:
        """New rows whose bounds may give."""
        rows = self.rows(count, lower, upper)
        if self.elastic:
            for bound, sign in ((lower, 1.0), (upper, -1.0)):
                if np.isfinite(np.asarray(bound)).any():
                    slack = self.columns(count)
                    self.put(rows, slack, sign)
                    self.slacks.append(Slack(limit, owner, slack))
        return rows

    def soft_columns(
        self,
        limit: Limit,
        owner: str,
        count: int,
        soft: tuple[ArrayLike, ArrayLike],
        hard: tuple[ArrayLike, ArrayLike],
        *,
        neur_per_wh: ArrayLike = 0.0,
        moves: bool = False,
    ) -> Indices:
        """New columns whose bounds ``soft`` may give as far as ``hard``."""
        lower, upper = hard if self.elastic else soft
        columns = self.columns(count, lower, upper, neur_per_wh=neur_per_wh, moves=moves)
        if self.elastic:
            self.put(self.soft_rows(limit, owner, count, *soft), columns, 1.0)
        return columns

    def exclusive(self, first: Indices, first_upper: ArrayLike, second: Indices, second_upper: ArrayLike) -> None:
        """Of each pair of columns, let one be zero: one binary decides between them."""
        count = len(first)
        either = self.columns(count, 0.0, 1.0, integer=True)
        rows = self.rows(count, -INFINITY, 0.0)
        self.put(rows, first, 1.0)
        self.put(rows, either, -_filled(count, first_upper))
        rows = self.rows(count, -INFINITY, second_upper)
        self.put(rows, second, 1.0)
        self.put(rows, either, second_upper)

    def compiled(self) -> tuple[Arrays, dict[Limit, Indices]]:
        """The program, and for each limit that may give a row: the sum of its slack, unbounded so far."""
        totals: dict[Limit, Indices] = {}
        for slack in self.slacks:
            if slack.limit not in totals:
                totals[slack.limit] = self.rows(1, -INFINITY, INFINITY)
            self.put(totals[slack.limit], slack.columns, 1.0)
        neur, tie, lower, upper, integer = (
            np.concatenate([part[index] for part in self._column_parts]) for index in range(5)
        )
        row_lower, row_upper = (np.concatenate([part[index] for part in self._row_parts]) for index in range(2))
        rows = np.concatenate([entry[0] for entry in self._entries])
        columns = np.concatenate([entry[1] for entry in self._entries])
        values = np.concatenate([entry[2] for entry in self._entries])
        order = np.argsort(columns, kind="stable")
        starts = np.zeros(self._columns + 1, dtype=np.int32)
        np.cumsum(np.bincount(columns, minlength=self._columns), out=starts[1:])
        largest = float(np.abs(neur).max())
        cost = neur * (_SCALED_COST / largest if largest else 1.0) + tie
        return (
            Arrays(
                cost,
                neur,
                lower,
                upper,
                integer.astype(np.int32),
                row_lower,
                row_upper,
                starts,
                rows[order],
                values[order],
            ),
            totals,
        )


def _filled(count: int, values: ArrayLike) -> Vector:
    filled = np.empty(count)
    filled[:] = values
    return filled
