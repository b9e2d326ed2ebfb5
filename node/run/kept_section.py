"""What homes kept, on a run's page: commitments, batteries, devices, and the three time scales."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from node.run.missed import MissedReport
from node.run.report import HomeReport, Report


def kept_section(report: Report) -> str:
    """The section as HTML."""
    return f"""<h2>Commitments</h2><p>Settled slots with contracts: what each home was committed to (contracts, and with
what it declared to the supplier), what its meter counted, and how far apart they were. The other slots ended elsewhere:
with the battery at a limit of energy or power, or without one; left to flexible devices; as real-time control asked;
because something came too late; by the plain rule's choice; or otherwise.</p>
{_commitments(report.homes)}{_batteries(report.homes)}{_devices(report.homes)}{_stages(report)}"""


def _commitments(homes: Iterable[HomeReport]) -> str:
    rows = "".join(
        f"<tr><td>{escape(home.id)}<td>{escape(home.kind)}<td>{done.slots}<td>{done.contracted_wh}"
        f"<td>{done.committed_wh}<td>{done.metered_wh}<td>{done.off_contract_wh / done.slots:.0f}"
        f"<td>{done.off_commitment_wh / done.slots:.0f}<td>{done.near}<td>{_missed(done.missed)}"
        for home in homes
        if (done := home.commitments).slots
    )
    head = (
        "<tr><th>home<th>kind<th>slots<th>contracted Wh<th>committed Wh<th>metered Wh<th>off contracts, Wh a slot"
        "<th>off commitment, Wh a slot<th>slots within 5 Wh<th>others"
    )
    return f"<table>{head}{rows}</table>" if rows else "<p>No slot with contracts was settled.</p>"


def _missed(missed: MissedReport) -> str:
    counts = missed.model_dump().items()
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts if count)


def _batteries(homes: Iterable[HomeReport]) -> str:
    rows = "".join(
        f"<tr><td>{escape(home.id)}<td>{one.min_wh} … {one.max_wh}<td>{one.lowest_wh}<td>{one.highest_wh}"
        f"<td>{one.charged_wh}<td>{one.discharged_wh}<td>{one.cycles:.2f}<td>{one.slots_both_ways}"
        f"<td>{'kept' if one.limits_kept else 'crossed'}"
        for home in homes
        if (one := home.battery) is not None
    )
    head = (
        "<tr><th>home<th>limits Wh<th>least Wh<th>most Wh<th>charged Wh<th>discharged Wh<th>cycles<th>slots both ways"
        "<th>limits"
    )
    text = "<h2>Batteries</h2><p>As each counts itself. A plan lets one full cycle flow in a day.</p>"
    return f"{text}<table>{head}{rows}</table>" if rows else ""


def _devices(homes: Iterable[HomeReport]) -> str:
    rows = "".join(
        f"<tr><td>{escape(home.id)}<td>{escape(one.device)}<td>{_cars(one.departures, one.short_wh)}"
        f"<td>{_band(one.lowest_wh, one.highest_wh)}<td>{_band(one.comfort_min_wh, one.comfort_max_wh)}"
        f"<td>{'kept' if one.kept else 'not kept'}"
        for home in homes
        for one in home.devices_kept
    )
    head = "<tr><th>home<th>device<th>cars<th>heat held Wh<th>comfort band Wh<th>"
    return f"<table>{head}{rows}</table>" if rows else ""


def _stages(report: Report) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.product)}<td><td>{one.orders}<td>{one.ordered_wh / 1000:.1f}<td>{one.on_top}"
        f"<td>{one.beyond}<td>{one.beyond_wh}"
        for one in report.stages
    )
    head = (
        "<tr><th>product<th><th>orders<th>ordered kWh<th>of them on top of earlier contracts<th>beyond the difference"
        "<th>by Wh"
    )
    text = (
        "<h2>Time scales</h2><p>Orders that stood when their books closed. Each product trades the difference between "
        "what a home's plan wants and what is contracted already.</p>"
    )
    return f"{text}<table>{head}{rows}</table>" if rows else ""


def _cars(departures: int | None, short_wh: int | None) -> str:
    return "" if departures is None else f"{departures} left, {short_wh} Wh short"


def _band(low_wh: int | None, high_wh: int | None) -> str:
    return "" if low_wh is None else f"{low_wh} … {high_wh}"
