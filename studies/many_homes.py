"""Forty times more homes: many neighbourhoods in one market, beside each with its own."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from studies.day import Day
from studies.effect import effect_of
from studies.neighbourhood import Neighbourhood
from studies.options import Options
from studies.report import Section, Table
from studies.winter import Setting, Winter


class Scale(NamedTuple):
    """One way to divide the homes: Wh of a day, and the mean effect at a transformer in percent."""

    homes: int
    markets: int
    traded_wh: int
    efficient_wh: int
    excess_percent: float
    peak_percent: float


def scales(winter: Winter, setting: Setting, options: Options) -> list[Scale]:
    """A day of ``options.times`` neighbourhoods, each with a transformer of its own, in many markets and in one."""
    seeds = range(options.times)
    parts = [winter.homes(seed, 0, setting) for seed in seeds]
    size = len(parts[0])
    apart = [winter.neighbourhood(homes, seed, setting) for seed, homes in enumerate(parts)]
    without = [winter.measured(one.live(market=False)) for one in apart]
    days = []
    for seed, one in enumerate(apart):
        days.append(one.live(market=True))
        options.tell(f"neighbourhood {seed + 1} of {options.times} by itself")
    everybody = [replace(home, id=f"{seed}/{home.id}") for seed in seeds for home in parts[seed]]
    together = winter.neighbourhood(everybody, 0, setting)
    joint = together.live(market=True)
    options.tell(f"{len(everybody)} homes in one market")
    shares = [_part(joint, number * size, (number + 1) * size) for number in seeds]

    def scale(markets: list[Neighbourhood], lived: list[Day], by_transformer: list[Day]) -> Scale:
        effects = [effect_of(was, winter.measured(now)) for was, now in zip(without, by_transformer, strict=True)]
        return Scale(
            homes=len(everybody),
            markets=len(markets),
            traded_wh=sum(day.traded_wh for day in lived),
            efficient_wh=sum(one.efficient_wh(day) for one, day in zip(markets, lived, strict=True)),
            excess_percent=sum(effect["excess to MV"] for effect in effects) / len(effects),
            peak_percent=sum(effect["transformer peak"] for effect in effects) / len(effects),
        )

    return [scale(apart, days, days), scale([together], [joint], shares)]


def section(found: list[Scale]) -> Section:
    """The table of scales."""
    rows: list[tuple[str, ...]] = [
        (
            f"{one.homes}",
            f"{one.markets}",
            f"{one.traded_wh / 1000:.0f}",
            f"{100 * one.traded_wh / one.efficient_wh:.1f}",
            f"{one.excess_percent:.1f}",
            f"{one.peak_percent:.1f}",
        )
        for one in found
    ]
    columns = ("homes", "markets", "traded kWh", "of what an auction could trade at most, %", "excess to MV, % less")
    return Section(
        f"{found[0].markets} times more homes",
        "Each neighbourhood stays behind its own transformer. In one market for all of them, energy that neighbours "
        "sell each other may pass two transformers.",
        Table((*columns, "transformer peak, % less"), rows),
    )


def _part(day: Day, first: int, last: int) -> Day:
    return Day(**{name: values[:, first:last] for name, values in vars(day).items()})
