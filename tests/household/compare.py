"""What the market is worth to each home: ``python -m tests.household.compare [06-15 03-20 …]``.

Lives each day (MM-DD) of the emulator's data with the real clearing and settlement, about nine seconds of CPU a
day, and prints every home's bill beside its bill without the market.
"""

from __future__ import annotations

import sys

from tests.household.day import Day

EUR = 1e9


def show(date: str) -> None:
    """Live a day and print it."""
    day = Day(date)
    day.run()
    gains = [home.gain_neur / EUR for home in day.homes]
    slots = sorted(slot for slot, energy_wh in day.traded_wh.items() if energy_wh)
    print(
        f"{date}: traded {day.traded_wh.total()} Wh in {len(slots)} slots ({min(slots, default=0)} to"
        f" {max(slots, default=0)}), verified {day.verified_wh} Wh; gain {sum(gains):.3f} eur, worst {min(gains):.4f},"
        f" {sum(gain < 0 for gain in gains)} of {len(gains)} homes pay more; results {dict(day.chain.results)}"
    )
    for home in sorted(day.homes, key=lambda one: one.gain_neur):
        print(
            f"  {home.home} {home.kind:10} margin {home.margin_permille / 10:4.1f} %: {home.bill_neur / EUR:8.4f} eur"
            f" instead of {home.without_neur / EUR:8.4f}; bought {home.bought_wh:5} Wh, sold {home.sold_wh:5} Wh,"
            f" rebate {home.rebate_neur / EUR:.4f}, reward {home.reward_neur / EUR:7.4f},"
            f" battery {home.battery_wh:+5} Wh"
        )


if __name__ == "__main__":
    for date in sys.argv[1:] or ["06-15"]:
        show(date)
