"""How the plots of reports look: SVG text that needs nothing from outside, the same bytes for the same figures."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# Not in a window, the same bytes for the same figures, and text that a reader can select.
mpl.use("svg")
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "vdg",
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "legend.frameon": False,
    }
)
WIDTH_IN = 10.0


def day_axis(axes: Any, legend: bool = True) -> None:
    """Hours of the day below; all of them if most are there."""
    first, last = axes.get_xlim()
    if last - first > 12:
        axes.set_xlim(0, 24)
        axes.set_xticks(range(0, 25, 3), [f"{hour}:00" for hour in range(0, 25, 3)])
    else:
        axes.set_xlabel("hour of the day")
    if legend:
        axes.legend(loc="upper left", ncols=4)


def as_svg(figure: Figure) -> str:
    """A figure as an ``svg`` element."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
