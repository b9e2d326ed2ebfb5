"""What accounts have contracted for a slot."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.modules.market.keys import POSITIONS
from wire.market import Position

_NONE = Position()


def add_position(state: State, key: bytes, bought_wh: int = 0, sold_wh: int = 0) -> None:
    """Add to an account's position; ``key`` is the slot key and the account."""
    current = POSITIONS.get(state, key) or _NONE
    POSITIONS.put(state, key, Position(current.bought_wh + bought_wh, current.sold_wh + sold_wh))


def position_at(state: State, key: bytes) -> Position:
    """An account's position; zero when nothing is contracted."""
    return POSITIONS.get(state, key) or _NONE
