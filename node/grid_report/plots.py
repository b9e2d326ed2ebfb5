"""Plots of the grid along its feeders and along the day, of a day lived in two ways: with the market and without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from clients.common.grid.feeders import feeder_of_bus, metres_to_bus
from clients.common.grid.limits import WATCHED, Limits
from clients.common.grid.metrics import deviation_percent
from clients.common.grid.network import Network
from clients.common.grid.solution import Real, Solution
from node.grid_report.drawing import WIDTH_IN, as_svg, day_axis

_WITH, _WITHOUT = "#2b6cb0", "#a0aec0"
_NEAR_PERCENT = 5.0
_LIMIT_PERCENT = Limits().deviation_percent


class Ways(NamedTuple):
    """What the two ways of a day are called."""

    without: str
    with_it: str


MARKET: Final = Ways("without the market", "with it")


def heat_map(with_market: Solution, without_market: Solution, hours: Sequence[float], ways: Ways = MARKET) -> str:
    """The worst phase's voltage deviation at each bus, along each feeder, hour by hour."""
    feeders = _feeders(with_market.network)
    figure = Figure(figsize=(WIDTH_IN, 1.2 + 1.7 * len(feeders)), layout="constrained")
    panels: Any = figure.subplots(len(feeders), 2, squeeze=False, sharex=True)
    series = [(_worst_deviation(without_market), ways.without), (_worst_deviation(with_market), ways.with_it)]
    reach = max(1.0, *(float(np.nanmax(np.abs(worst), initial=0.0)) for worst, _ in series))
    metres = metres_to_bus(with_market.network)
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(-reach, reach), cmap="RdBu_r")
    for row, (feeder, buses) in enumerate(feeders.items()):
        for column, (worst, title) in enumerate(series):
            axes = panels[row][column]
            shown = worst[:, [with_market.network.buses.index(bus) for bus in buses]].T
            edges = np.arange(len(buses) + 1)
            axes.pcolormesh(_edges(hours), edges, shown, cmap="RdBu_r", vmin=-reach, vmax=reach, rasterized=True)
            labelled = sorted({0, len(buses) // 2, len(buses) - 1})
            axes.set_yticks(
                [place + 0.5 for place in labelled], [f"{metres[buses[place]]:.0f} m" for place in labelled]
            )
            axes.grid(visible=False)
            if row == 0:
                axes.set_title(title, fontsize=9)
            if column == 0:
                axes.set_ylabel(feeder)
    for axes in panels[-1]:
        axes.set_xlabel("hour of the day")
    figure.colorbar(scale, ax=panels, label="deviation of the worst phase, %", shrink=0.8)
    return as_svg(figure)


def voltage_band(with_market: Solution, without_market: Solution, hours: Sequence[float], ways: Ways = MARKET) -> str:
    """The highest, mean and lowest voltage deviation over all buses and phases, with the limits."""
    figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
    axes: Any = figure.subplots()
    for solution, colour, name in (
        (without_market, _WITHOUT, ways.without),
        (with_market, _WITH, ways.with_it),
    ):
        deviation = deviation_percent(solution).reshape(len(hours), -1)
        axes.fill_between(hours, deviation.min(axis=1), deviation.max(axis=1), color=colour, alpha=0.3, step="post")
        axes.step(hours, deviation.mean(axis=1), where="post", color=colour, label=f"{name}, mean and band")
    lowest, highest = axes.get_ylim()
    for limit, style in ((_LIMIT_PERCENT, "-"), (WATCHED.deviation_percent, ":")):
        for value in (limit, -limit):
            # A day that stays far from its limits is not drawn as a thin line between them.
            if lowest - _NEAR_PERCENT < value < highest + _NEAR_PERCENT:
                axes.axhline(value, color="#c53030", linewidth=0.8, linestyle=style)
    axes.set_ylabel("deviation, % of nominal")
    day_axis(axes)
    return as_svg(figure)


def duration_curve(with_market: Solution, without_market: Solution, ways: Ways = MARKET) -> str:
    """The transformer's power, positive from medium voltage, each series sorted from highest to lowest."""
    figure = Figure(figsize=(WIDTH_IN, 2.8), layout="constrained")
    axes: Any = figure.subplots()
    for solution, colour, name in (
        (without_market, _WITHOUT, ways.without),
        (with_market, _WITH, ways.with_it),
    ):
        power_kw = solution.transformer_high_w.sum(axis=1) / 1000
        ordered = np.sort(power_kw[np.isfinite(power_kw)])[::-1]
        share = 100 * np.arange(1, len(ordered) + 1) / max(1, len(ordered))
        axes.step(share, ordered, where="pre", color=colour, label=name)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xlabel("share of the slots, %")
    axes.set_ylabel("through the transformer, kW")
    axes.legend(loc="upper right")
    return as_svg(figure)


def _worst_deviation(solution: Solution) -> Real:
    """The deviation of the phase that is furthest off, (slots, buses); NaN where a slot failed."""
    deviation = deviation_percent(solution)
    worst = np.abs(np.nan_to_num(deviation)).argmax(axis=2)
    return np.asarray(np.take_along_axis(deviation, worst[:, :, None], axis=2)[:, :, 0])


def _feeders(network: Network) -> dict[str, list[str]]:
    """The buses of each feeder by their distance from the transformer."""
    metres = metres_to_bus(network)
    feeders: dict[str, list[str]] = {}
    for bus, feeder in sorted(feeder_of_bus(network).items(), key=lambda item: (item[1], metres[item[0]], item[0])):
        if feeder:
            feeders.setdefault(feeder, []).append(bus)
    return feeders


def _edges(hours: Sequence[float]) -> list[float]:
    """Where slots begin, and where the last ends."""
    step = hours[1] - hours[0] if len(hours) > 1 else 1 / 6
    return [*hours, hours[-1] + step]
