"""What the market is worth to each home: ``python -m tests.household.compare [06-15 03-20 …]``.

Lives each day (MM-DD) of the emulator's data with the real clearing and settlement, about nine seconds of CPU a
day, and prints every home's bill beside its bill without the market. With ``--days 2`` each day and the next, for which
day-ahead blocks are traded too; with ``--without day_ahead`` nobody does. With ``--devices 4`` four homes have a car, a
heat pump, or a water heater and a washing machine. ``--shade 0.8`` shades offers by that quantile of forecasts' errors.
"""

from __future__ import annotations

import argparse

from clients.household.offers import OfferRules
from clients.household.steering import SAME_FLOW_WH
from clients.household.strategy import StrategyName
from node.run.kept import Commitments
from node.run.missed import NEAR_WH
from tests.household.day import Day, HomeDay, Settings

EUR = 1e9


def show(date: str, homes: int, days: int, settings: Settings) -> None:
    """Live a day, or some from it on, and print it."""
    day = Day(date, homes, settings, days)
    day.run()
    gains = [home.gain_neur / EUR for home in day.homes]
    worth = [home.worth_neur / EUR for home in day.homes]
    slots = sorted(slot for slot, energy_wh in day.traded_wh.items() if energy_wh)
    print(
        f"{date}: traded {day.traded_wh.total()} Wh ({dict(day.traded_in_wh)}) in {len(slots)} slots"
        f" ({min(slots, default=0)} to {max(slots, default=0)}), verified {day.verified_wh} Wh;"
        f" gain {sum(gains):.3f} eur, worst {min(gains):.4f},"
        f" {sum(gain < 0 for gain in gains)} of {len(gains)} homes pay more;"
        f" with what batteries hold: gain {sum(worth):.3f} eur, worst {min(worth):.4f}, {sum(w < 0 for w in worth)};"
        f" results {dict(day.chain.results)}"
    )
    print(
        f"  battery slots with contracts: {day.kept.as_steered} metered as steered, {day.kept.at_limit} as near as the"
        f" battery can, {day.kept.otherwise} otherwise; off by {day.kept.off_wh} Wh in all;"
        f" {day.kept.limits_crossed} battery limits crossed"
    )
    for kind in sorted({home.kind for home in day.homes}):
        _show_commitments(kind, [day.commitments[home.home] for home in day.homes if home.kind == kind])
    print(f"  slots off the commitment by more than {NEAR_WH} Wh, by why: {dict(day.missed)}")
    for home in sorted(day.homes, key=lambda one: one.gain_neur):
        print(
            f"  {home.home} {home.kind:10} margin {home.margin_permille / 10:4.1f} %: {home.bill_neur / EUR:8.4f} eur"
            f" instead of {home.without_neur / EUR:8.4f}; bought {home.bought_wh:5} Wh, sold {home.sold_wh:5} Wh,"
            f" rebate {home.rebate_neur / EUR:.4f}, reward {home.reward_neur / EUR:7.4f},"
            f" battery {home.battery_wh:+5} Wh{_devices(day, home)}"
        )


def _show_commitments(kind: str, commitments: list[Commitments]) -> None:
    """How far meters of a kind of home ended from what they were committed to."""
    slots = sum(each.slots for each in commitments)
    off_wh, near = (sum(getattr(each, name) for each in commitments) for name in ("off_commitment_wh", "near"))
    if slots:
        print(
            f"  {kind}: {slots} slots with contracts, off the commitment by {off_wh / slots:.1f} Wh on average, {near}"
            f" of them by {NEAR_WH} Wh at most"
        )


def _devices(day: Day, home: HomeDay) -> str:
    """What a home's flexible devices hold, and how its slots ended."""
    if home.home not in day.flexible:
        return ""
    apart = day.apart_wh[home.home]
    close = sum(one <= SAME_FLOW_WH for one in apart)
    return (
        f", {' and '.join(day.flexible[home.home].household.devices)} {home.devices_wh:+5} Wh: gain with what is held"
        f" {home.worth_neur / EUR:.3f} eur; slots off by {sum(apart) / len(apart):.0f} Wh on average,"
        f" {close} of {len(apart)} by {SAME_FLOW_WH} Wh at most"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dates", nargs="*", default=["06-15"])
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--strategy", type=StrategyName, default=StrategyName.PLANNED)
    parser.add_argument("--homes", type=int, default=33)
    parser.add_argument("--devices", type=int, default=0)
    parser.add_argument("--shade", type=float, default=None)
    chosen = parser.parse_args()
    rules = OfferRules(without_products=tuple(chosen.without), shade_quantile=chosen.shade)
    for date in chosen.dates:
        show(
            date,
            chosen.homes,
            chosen.days,
            Settings(offers=rules, strategy=chosen.strategy, devices=chosen.devices),
        )
