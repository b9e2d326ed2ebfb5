"""The report's plots, as SVG text that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from node.grid_report.drawing import WIDTH_IN, as_svg, day_axis
from node.run.report import CENT_PER_KWH, Report, SlotReport

_LOAD, _PV, _TRADED, _VERIFIED = "#4a5568", "#e0a100", "#2b6cb0", "#2f855a"


def energy(report: Report) -> str:
    """Load, PV, and what was traded and verified, slot by slot."""
    figure, axes = _figure(3.6)
    hours = _hours(report.per_slot)
    axes.plot(hours, [s.load_wh / 1000 for s in report.per_slot], color=_LOAD, label="load")
    axes.fill_between(hours, [s.pv_wh / 1000 for s in report.per_slot], color=_PV, alpha=0.35, label="PV")
    axes.step(hours, [s.traded_wh / 1000 for s in report.per_slot], color=_TRADED, where="post", label="traded")
    axes.step(hours, [s.verified_wh / 1000 for s in report.per_slot], color=_VERIFIED, where="post", label="verified")
    axes.set_ylabel("kWh a slot")
    day_axis(axes)
    return as_svg(figure)


def exchange(report: Report) -> str:
    """What the homes together took from and fed into the grid, as proved."""
    figure, axes = _figure(2.8)
    hours = _hours(report.per_slot)
    axes.fill_between(hours, [s.import_wh / 1000 for s in report.per_slot], step="post", color=_LOAD, alpha=0.5)
    axes.fill_between(hours, [-s.export_wh / 1000 for s in report.per_slot], step="post", color=_PV, alpha=0.6)
    axes.text(0.01, 0.93, "taken from the grid", transform=axes.transAxes, color=_LOAD)
    axes.text(0.01, 0.04, "fed into the grid", transform=axes.transAxes, color="#8a6200")
    axes.set_ylabel("kWh a slot")
    day_axis(axes, legend=False)
    return as_svg(figure)


def prices(report: Report) -> str:
    """Local prices between the supplier's tariff and the feed-in tariff."""
    figure, axes = _figure(3.0)
    hours = _hours(report.per_slot)
    tariff = [s.supplier_price_neur_per_wh / CENT_PER_KWH for s in report.per_slot]
    feed_in = [s.feed_in_price_neur_per_wh / CENT_PER_KWH for s in report.per_slot]
    axes.step(hours, tariff, color=_LOAD, where="post", label="supplier")
    axes.step(hours, feed_in, color=_PV, where="post", label="feed-in")
    for name, colour in (("buy", _TRADED), ("sell", _VERIFIED)):
        points = [
            (hour, value / CENT_PER_KWH)
            for hour, slot in zip(hours, report.per_slot, strict=True)
            if (value := getattr(slot, f"{name}_price_neur_per_wh")) is not None
        ]
        axes.plot([p[0] for p in points], [p[1] for p in points], ".", color=colour, label=f"local, to {name}")
    axes.set_ylabel("cent per kWh")
    axes.set_ylim(bottom=0)
    day_axis(axes)
    return as_svg(figure)


def bills(report: Report) -> str:
    """Every home's bill beside its bill without the market."""
    homes = sorted(report.homes, key=lambda home: home.bill_without_market_neur)
    figure, axes = _figure(max(2.0, 0.24 * len(homes) + 0.8))
    rows = range(len(homes))
    axes.barh(
        [row + 0.2 for row in rows], [h.bill_without_market_neur / 1e9 for h in homes], 0.38, color="#cbd5e0",
        label="without the market",
    )  # fmt: skip
    axes.barh([row - 0.2 for row in rows], [h.bill_neur / 1e9 for h in homes], 0.38, color=_TRADED, label="with it")
    axes.set_yticks(list(rows), [f"{home.id} ({home.kind})" for home in homes], fontsize=7)
    axes.set_xlabel("bill of the day, euro (negative: earned)")
    axes.axvline(0, color="black", linewidth=0.6)
    axes.legend(loc="lower right")
    return as_svg(figure)


def blocks(intervals_s: Sequence[float], results_s: Sequence[float], settled_s: Sequence[float]) -> str:
    """Distributions of what takes time: blocks, transactions, settlement."""
    figure = Figure(figsize=(WIDTH_IN, 2.6), layout="constrained")
    panels: Any = figure.subplots(1, 3)
    for axes, values, title in zip(
        panels,
        (intervals_s, results_s, settled_s),
        ("block interval, s", "submit to result, s", "slot end to settlement, s"),
        strict=True,
    ):
        axes.hist(list(values) or [0.0], bins=40, color=_TRADED)
        axes.set_title(title, fontsize=9)
    return as_svg(figure)


def _figure(height_in: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    return figure, figure.subplots()


def _hours(slots: Sequence[SlotReport]) -> list[float]:
    return [slot.slot / 6 for slot in slots]
