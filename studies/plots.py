"""The drawings of reports, as SVG that comes out the same every time."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.arrays import SLOTS_PER_HOUR, Real
from studies.band import Band

_SIZE = (8.0, 3.6)
# Colours that stay apart for everybody (Okabe and Ito).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999", "#000000")


def bars(groups: Mapping[str, Mapping[str, Band]], unit: str) -> str:
    """Bars with their bands: for each group one of each name."""

    def draw(axes: Axes) -> None:
        names = list(next(iter(groups.values())))
        width = 0.8 / len(names)
        for number, name in enumerate(names):
            bands = [group[name] for group in groups.values()]
            mean = np.array([one.mean for one in bands])
            whiskers = np.array([[one.mean - one.low for one in bands], [one.high - one.mean for one in bands]])
            at = np.arange(len(groups)) + (number - (len(names) - 1) / 2) * width
            axes.bar(at, mean, width, yerr=whiskers, capsize=2, color=_colour(number), label=name)
        axes.set_xticks(np.arange(len(groups)), list(groups))
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_ylabel(unit)
        axes.legend(fontsize="small")

    return _svg(draw)


def lines(
    series: Mapping[str, Sequence[Band]], at: Sequence[float], across: str, unit: str, *, reference: float | None = None
) -> str:
    """Lines with their bands over ``at``; ``reference`` is a level to see them against."""

    def draw(axes: Axes) -> None:
        for number, (name, bands) in enumerate(series.items()):
            colour = _colour(number)
            axes.plot(at, [one.mean for one in bands], marker="o", markersize=3, color=colour, label=name)
            axes.fill_between(
                at, [one.low for one in bands], [one.high for one in bands], color=colour, alpha=0.2, linewidth=0
            )
        if reference is not None:
            axes.axhline(reference, color="black", linewidth=0.8, linestyle="--")
        axes.set_xlabel(across)
        axes.set_ylabel(unit)
        axes.legend(fontsize="small")

    return _svg(draw)


def day_lines(series: Mapping[str, Real], unit: str, *, limits: Sequence[float] = ()) -> str:
    """What a day goes like: each series has one value a slot."""

    def draw(axes: Axes) -> None:
        for number, (name, values) in enumerate(series.items()):
            hours = np.arange(len(values)) / SLOTS_PER_HOUR
            axes.step(hours, values, where="post", color=_colour(number), linewidth=1, label=name)
        for limit in limits:
            axes.axhline(limit, color="#D55E00", linewidth=0.8, linestyle="--")
        _hours(axes)
        axes.set_ylabel(unit)
        axes.legend(fontsize="small")

    return _svg(draw)


def _hours(axes: Axes) -> None:
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel("hour of the day")


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _svg(draw: Callable[[Axes], None]) -> str:
    settings: dict[Any, Any] = {"svg.hashsalt": "vdg", "font.size": 9, "axes.spines.top": False}
    with mpl.rc_context(settings):
        figure = Figure(figsize=_SIZE, layout="constrained")
        draw(figure.subplots())
        into = io.StringIO()
        figure.savefig(into, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return into.getvalue()
