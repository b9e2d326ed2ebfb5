"""Chapter 4: what the market does to a grid of 33 homes. ``make study-4`` or ``python -m studies.chapter4``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from node.grid_report.plots import MARKET
from studies import many_homes
from studies.band import Band, band
from studies.effect import NAMES, bands_of
from studies.grid_day import grid_day
from studies.options import Defaults, Options, run
from studies.planning import Ties
from studies.plots import bars
from studies.report import Claim, Plot, Report, Section, Table
from studies.winter import Outcome, Setting, Winter

DEFAULTS = Defaults(module="studies.chapter4", seeds=5, days=6, times=40)
SIZES_WH = (3000.0, 6000.0, 9000.0)
# Beside the usual setting: one thing is another. Rebates and valuations are those of figure 4.8.
VARIANTS: tuple[tuple[str, str, Setting], ...] = (
    ("as above", "usual", Setting()),
    *((f"rebate up to {cent:g} c€/kWh", "rebate", Setting(rebate_cent=cent)) for cent in (0.0, 1.0, 4.0, 6.0)),
    *((f"other valuations, draw {draw}", "valuation", Setting(valuation=draw)) for draw in (1, 2)),
    *((f"of equal plans the {ties}", "ties", Setting(ties=ties)) for ties in (Ties.EARLY, Ties.SPREAD)),
    ("feed-in tariff 6 c€/kWh", "tariff", Setting(feed_in_cent=6.0)),
    *((f"sun of {day}", "sun", Setting(sun=day)) for day in ("12-07", "03-31", "06-15")),
    *((f"forecasts {share:.0%} yesterday", "error", Setting(forecast_error=share)) for share in (0.25, 0.5, 1.0)),
)
_SHOWN = (
    "excess to MV",
    "transformer peak",
    "transformer loss",
    "line loss, phases",
    "line loss, neutral",
    "maximum VUF",
)


def study(options: Options) -> Report:
    """Everything that chapter 4 tells, and what it leaves open."""
    winter = Winter(options.days)
    outcomes = {size: _outcomes(winter, replace(Setting(), battery_wh=size), options) for size in SIZES_WH}
    effects = {size: bands_of(_effects(found)) for size, found in outcomes.items()}
    variants = {name: _variant(name, winter, setting, options) for name, _, setting in VARIANTS}
    sections = [_by_size(effects), _by_day(outcomes[6000.0]), _variants(variants)]
    first = outcomes[6000.0][0][0]
    sections.append(
        grid_day("The first seed's first day, 6 kWh,", winter.solved(first.alone), winter.solved(first.day), MARKET)
    )
    figures: dict[str, Any] = {
        "reduction_percent": {f"{size:.0f} Wh": _records(found) for size, found in effects.items()},
        "variants_reduction_percent": {name: _records(found) for name, found in variants.items()},
    }
    if options.times:
        scales = many_homes.scales(winter, Setting(), options)
        sections.append(many_homes.section(scales))
        figures["many_homes"] = [scale._asdict() for scale in scales]
    return Report(
        name="study-4",
        title="Chapter 4: the market and the grid of 33 homes",
        command="make study-4",
        settings=options.settings,
        claims=_claims(effects, outcomes, variants),
        sections=sections,
        figures=figures,
    )


def _outcomes(winter: Winter, setting: Setting, options: Options) -> dict[int, list[Outcome]]:
    found = {}
    for seed in range(options.seeds):
        found[seed] = [winter.outcome(seed, day, setting) for day in range(options.days)]
        options.tell(f"batteries of {setting.battery_wh:.0f} Wh, seed {seed + 1} of {options.seeds}")
    return found


def _effects(found: dict[int, list[Outcome]]) -> dict[int, list[dict[str, float]]]:
    return {seed: [outcome.effect for outcome in days] for seed, days in found.items()}


def _variant(name: str, winter: Winter, setting: Setting, options: Options) -> dict[str, Band]:
    """One day of each seed."""
    found = {}
    for seed in range(options.seeds):
        outcome = winter.outcome(seed, 0, setting)
        shares = {
            "traded kWh": outcome.day.traded_wh / 1000,
            "delivered, % of traded": 100 * outcome.day.delivered_wh / max(outcome.day.traded_wh, 1),
        }
        found[seed] = [outcome.effect | shares]
    options.tell(f"variant: {name}")
    return bands_of(found)


def _by_size(effects: dict[float, dict[str, Band]]) -> Section:
    rows = [(name, *(found[name].text() for found in effects.values())) for name in NAMES]
    columns = ("% less with the market", *(f"{size / 1000:g} kWh" for size in effects))
    drawn = {name: {f"{size / 1000:g} kWh": found[name] for size, found in effects.items()} for name in _SHOWN}
    return Section(
        "What the market changes, by size of batteries",
        "Mean of all days and seeds; in brackets the interval that holds 95 % of the means of resampled seeds. "
        "Negative: more than without.",
        Table(columns, rows),
        [Plot("sizes", "reductions by size of batteries, percent (figures 4.2 to 4.6)", bars(drawn, "% less"))],
    )


def _by_day(found: dict[int, list[Outcome]]) -> Section:
    days = range(len(next(iter(found.values()))))
    drawn = {
        f"day {day + 1}": {
            name: band({seed: [outcomes[day].effect[name]] for seed, outcomes in found.items()})
            for name in ("excess to MV", "transformer peak", "transformer loss")
        }
        for day in days
    }
    return Section(
        "Day by day, 6 kWh",
        "The thesis shows single days of one draw of loads; here each day is the mean of all seeds.",
        plots=[Plot("days", "reductions by day, percent", bars(drawn, "% less"))],
    )


def _variants(variants: dict[str, dict[str, Band]]) -> Section:
    columns = ("traded kWh", "delivered, % of traded", *_SHOWN)
    rows = [(name, *(found[column].text() for column in columns)) for name, found in variants.items()]
    return Section(
        "One thing is another",
        "The first day of each seed, batteries of 6 kWh; percent less with the market than without. Forecasts: "
        "the share of yesterday in what homes expect, 100 % being chapter 6's persistence; batteries then hold the "
        "committed flow as far as they can, in both cases.",
        Table(("setting", *columns), rows),
    )


def _claims(
    effects: dict[float, dict[str, Band]],
    outcomes: dict[float, dict[int, list[Outcome]]],
    variants: dict[str, dict[str, Band]],
) -> list[Claim]:
    def by_size(name: str) -> str:
        return "; ".join(f"{size / 1000:g} kWh: {found[name].text()} %" for size, found in effects.items())

    room = band(
        {seed: [100 * one.room_wh / one.without.exported_wh for one in days] for seed, days in outcomes[9000.0].items()}
    )
    share = band(
        {seed: [100 * one.day.traded_wh / one.efficient_wh for one in days] for seed, days in outcomes[6000.0].items()}
    )
    early = variants["of equal plans the early"]["excess to MV"]
    valued = "; ".join(
        f"{name}: {variants[name]['excess to MV'].text()}"
        for name, kind, _ in VARIANTS
        if kind in ("usual", "rebate", "valuation")
    )
    return [
        Claim(
            "over 30 % less renewable excess to MV",
            "figure 4.2a; most with 9 kWh",
            by_size("excess to MV"),
            "A market moves what batteries without PV can take: if neighbours filled each of them from its lowest to "
            f"its highest level, that would be {room.text(0)} % of our excess at 9 kWh. What the thesis's panels gave "
            "isn't told; with less sun the same batteries are a larger share of it (below).",
        ),
        Claim(
            "over 10 % lower transformer peak",
            "figure 4.6a",
            by_size("transformer peak"),
            "Our peak is in the day's last slots: batteries that were emptied in the dear hours must hold at "
            "midnight what they held the midnight before (e_T = e_0), and wait with that as long as they can. No sun "
            "is left to trade then. Which of equally cheap plans homes take decides (below).",
        ),
        Claim(
            "about 4 % less transformer loss (6 and 9 kWh)",
            "figure 4.3a, (4.1a)",
            f"by (4.1a): {by_size('transformer loss (4.1a)')}; solved: {by_size('transformer loss')}",
            "(4.1a) is proportional to the energy that passes. A transformer's real loss is mostly its no-load loss "
            "on such days, which no market changes.",
        ),
        Claim(
            "less loss in the phases of lines, more in the neutral",
            "figure 4.4",
            f"phases {by_size('line loss, phases')}; neutral {by_size('line loss, neutral')}",
            "The book doesn't know phases.",
        ),
        Claim(
            "an important increase of the maximum VUF",
            "figure 4.5",
            by_size("maximum VUF"),
            "Our greatest unbalance is in the evening and in the same last slots, which the market doesn't reach.",
        ),
        Claim(
            "the same with other valuations; better with rebates than without",
            "figure 4.8",
            f"excess, % less: {valued}",
            "A rebate is paid on top, so a home bids that much less (4.4.1): with a feed-in tariff of 10 c€ and a "
            "supplier at 15, high rebates leave bids below asks. The thesis doesn't tell chapter 4's feed-in tariff; "
            f"with 6 c€ there is more room (below). The auction trades {share.text()} % of what any could.",
        ),
        Claim(
            "which of equally cheap plans a home takes isn't told",
            "section 4.6",
            f"excess, % less, if homes charge early: {early.text()}",
            "Homes that fill their batteries from the supplier in the night have no room left for neighbours' sun. "
            "Our agents wait (docs/household.md), and so do these homes.",
        ),
    ]


def _records(found: dict[str, Band]) -> dict[str, dict[str, float]]:
    return {name: one._asdict() for name, one in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    return run(__doc__.split(". ")[0], DEFAULTS, study, arguments)


if __name__ == "__main__":
    sys.exit(main())
