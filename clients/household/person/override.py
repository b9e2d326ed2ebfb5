"""What a person may want at once and for a while, whatever the profile says."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

MOST_PRICE_NEUR_PER_WH = 10_000_000
MOST_DAYS = 366
SECONDS_PER_DAY = 86_400


class OverrideKind(StrEnum):
    """Each stands once at most in a home; a newer one takes the older one's place."""

    PAUSE_TRADING = "pause_trading"
    CHARGE_NOW = "charge_now"
    AWAY = "away"
    RESERVE = "reserve"
    COMFORT = "comfort"
    LEAST_PRICE = "least_price"

    @property
    def unit(self) -> str:
        """What its value counts; empty where it has none."""
        return _VALUES[self][0] if self in _VALUES else ""

    @property
    def most(self) -> int:
        """The greatest value; 0 where it has none."""
        return _VALUES[self][1] if self in _VALUES else 0

    @property
    def hours(self) -> int:
        """How long it lasts where the person gives no end."""
        return _HOURS.get(self, 24)


_VALUES = {
    OverrideKind.RESERVE: ("percent of the battery's usable energy", 100),
    OverrideKind.COMFORT: ("percent of the heat store's comfort band", 100),
    OverrideKind.LEAST_PRICE: ("neur per Wh", MOST_PRICE_NEUR_PER_WH),
}
_HOURS = {OverrideKind.CHARGE_NOW: 4, OverrideKind.RESERVE: 7 * 24, OverrideKind.COMFORT: 7 * 24}


class Override(NamedTuple):
    """One of ``home``, from ``begun_s`` to ``ends_s`` (Unix seconds); ``ended_s``: when somebody ended it before, 0 if
    nobody did. ``by``: ``command`` or ``home assistant``."""

    home: str
    kind: OverrideKind
    value: int
    begun_s: int
    ends_s: int
    ended_s: int
    by: str

    def stands(self, now_s: float) -> bool:
        """Whether it holds at a moment."""
        return not self.ended_s and self.begun_s <= now_s < self.ends_s

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.kind.value} {self.value}" if self.kind.unit else self.kind.value


class OverrideRefused(ValueError):
    """An override that makes no sense; the text names field, value and way out."""


def checked(home: str, kind: OverrideKind, value: int | None, begun_s: int, ends_s: int, by: str) -> Override:
    """An override that makes sense. Raises: OverrideRefused."""
    if kind.unit and value is None:
        raise OverrideRefused(f"value is missing; give one after {kind.value}: 0 to {kind.most} {kind.unit}")
    if kind.unit and value is not None and not 0 <= value <= kind.most:
        raise OverrideRefused(f"value is {value}; {kind.value} takes 0 to {kind.most} {kind.unit}")
    if not kind.unit and value is not None:
        raise OverrideRefused(f"value is {value}; {kind.value} takes none: leave it out")
    if ends_s <= begun_s:
        raise OverrideRefused("the end is not after now; give a later one")
    return Override(home, kind, value or 0, begun_s, ends_s, 0, by)
