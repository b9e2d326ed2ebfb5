"""What follows from a profile and the overrides that stand: what a home's agent has to keep to right now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from clients.household.battery import BatteryLimits
from clients.household.person.override import Override, OverrideKind
from clients.household.person.profile import Profile


class Wishes(NamedTuple):
    """``reserve_percent`` of the battery's usable energy; ``least_percent`` to ``most_percent`` of a heat store's
    comfort band. ``charge_until_s``: car or battery are charged with full power until then (Unix seconds)."""

    trading: bool = True
    charge_until_s: int = 0
    away: bool = False
    reserve_percent: int = 0
    least_percent: int = 0
    most_percent: int = 100
    least_price_neur_per_wh: int = 0

    def usable(self, battery: BatteryLimits) -> BatteryLimits:
        """The battery as far as it may be used."""
        reserve_wh = (battery.max_wh - battery.min_wh) * self.reserve_percent // 100
        return battery._replace(min_wh=battery.min_wh + reserve_wh)


def wishes_of(profile: Profile, standing: Mapping[OverrideKind, Override], now_s: float) -> Wishes:
    """What holds at a moment: overrides come before the profile."""
    charge = standing.get(OverrideKind.CHARGE_NOW)
    away = OverrideKind.AWAY in standing or profile.is_away(now_s)
    least = profile.away_comfort_percent if away else profile.comfort.least_percent
    comfort = standing.get(OverrideKind.COMFORT)
    reserve, price = standing.get(OverrideKind.RESERVE), standing.get(OverrideKind.LEAST_PRICE)
    least = comfort.value if comfort else least
    return Wishes(
        trading=profile.trading and OverrideKind.PAUSE_TRADING not in standing,
        charge_until_s=charge.ends_s if charge else 0,
        away=away,
        reserve_percent=reserve.value if reserve else profile.reserve_percent,
        least_percent=least,
        most_percent=max(least, profile.comfort.most_percent),
        least_price_neur_per_wh=price.value if price else profile.least_price_neur_per_wh,
    )
