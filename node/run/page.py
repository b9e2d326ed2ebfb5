"""report.html: one file that shows a run and needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from node.grid_report.section import grid_section
from node.run import figures
from node.run.control_section import control_section
from node.run.grid_day import GridDay
from node.run.kept_section import kept_section
from node.run.report import Report

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1a202c;max-width:1040px;margin:2em auto;padding:0 1em}
h1{margin-bottom:0}h2{margin-top:2em;border-bottom:1px solid #e2e8f0}
.lead{color:#4a5568}.facts{display:flex;flex-wrap:wrap;gap:.8em;margin:1.5em 0}
.fact{background:#f7fafc;border:1px solid #e2e8f0;border-radius:6px;padding:.6em 1em;min-width:8.5em}
.fact b{display:block;font-size:1.35em}.fact span{color:#4a5568;font-size:.85em}
.bad{background:#fff5f5;border-color:#feb2b2}svg{max-width:100%;height:auto}
table{border-collapse:collapse;font-size:.85em;width:100%}td,th{padding:.25em .6em;text-align:right}
td:first-child,th:first-child,td:nth-child(2),th:nth-child(2),td:last-child{text-align:left}
tr:nth-child(even){background:#f7fafc}
"""


def render(
    report: Report,
    intervals_s: Sequence[float],
    results_s: Sequence[float],
    settled_s: Sequence[float],
    grid: GridDay | None = None,
) -> str:
    """The page. The sequences are the values behind the report's quantiles (seconds), ``grid`` those of its grid."""
    ok = not report.problems
    ended = "could not go on" if report.failure else "was interrupted"
    state = "" if report.finished else f" The run {ended}; figures are of what was settled by then."
    chain_slots = f"{report.chain_from_slot} to {report.chain_from_slot + report.slots - 1}"
    lead = (
        f"{len(report.homes)} homes, {report.slots} slots of {report.slot_seconds} s (the chain's {chain_slots}), "
        f"{report.validators} validators, "
        f"day {report.day}, chain {report.chain_id}.{state}"
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>vdg: {escape(report.day)}</title><style>{_STYLE}</style>
<h1>A day of the neighbourhood</h1><p class="lead">{escape(lead)}</p>
<div class="facts">{_facts(report)}</div>
{"" if ok else _problems(report)}
<h2>Energy</h2><p>Load and PV of all homes, what they traded, and what of that the DSO's proofs show to have
flowed (verified).</p>{figures.energy(report)}
<p>What all homes together exchanged with the grid, as measured and signed by the DSO.</p>{figures.exchange(report)}
<h2>Prices</h2><p>Local prices per slot, weighted by volume over the slot's books: what buyers paid and what sellers
received. The difference is the surplus, which goes to the validators.</p>{figures.prices(report)}
<h2>Bills</h2><p>Each home's bill of the day beside the same day with self-consumption and the supplier
alone{_plain(report)}.</p>
{figures.bills(report)}{_home_table(report)}{_device_table(report)}
{kept_section(report)}
{_grid(report, grid)}
{control_section(report.control) if report.control is not None else ""}
<h2>Chain</h2><p>{report.blocks} blocks; {report.transactions.submitted} transactions in them,
{report.transactions.accepted} accepted{_refused(report)}.{_refused_at_door(report)}
The {report.validators} validators' own app hashes were compared at {report.app_hash_agreed.heights} heights:
{report.app_hash_agreed.disagreements} disagreements.</p>
{figures.blocks(intervals_s, results_s, settled_s)}
<p>From submission to the result: a payment that the run itself makes once a second, not the agents' orders.</p>
{_memory_table(report)}
</html>
"""


def _grid(report: Report, grid: GridDay | None) -> str:
    if report.grid is None or grid is None:
        return ""
    return grid_section(report.grid, grid.with_market, grid.without_market, grid.hours)


def _facts(report: Report) -> str:
    saved = sum(home.bill_without_market_neur - home.bill_neur for home in report.homes)
    facts = [
        (f"{report.energy_traded_wh / 1000:.1f} kWh", "traded"),
        (f"{report.energy_verified_wh / 1000:.1f} kWh", "verified by proof of flow"),
        (f"{saved / 1e9:.2f} €", "saved by all homes"),
        (f"{report.contracts.settled} of {report.contracts.made}", "contracts settled"),
        (str(report.books.cleared), "books cleared"),
        (str(report.proofs), "proofs of flow"),
        (f"{report.block_interval_s.p50:.2f} s", "between blocks (median)"),
        (f"{report.submit_to_result_s.p95:.2f} s", "submit to result (95 %)"),
    ]
    return "".join(
        f'<div class="fact"><b>{escape(value)}</b><span>{escape(name)}</span></div>' for value, name in facts
    )


def _plain(report: Report) -> str:
    known = any(home.bill_plain_neur is not None for home in report.homes)
    return ", and by the plain rule in the run that was named" if known else ""


def _problems(report: Report) -> str:
    items = "".join(f"<li>{escape(problem)}</li>" for problem in report.problems)
    return f'<div class="fact bad"><b>Problems</b><ul>{items}</ul></div>'


def _refused(report: Report) -> str:
    refused = report.transactions.refused
    return f" and refused: {_counts(refused)}" if refused else ""


def _refused_at_door(report: Report) -> str:
    refused = report.transactions.refused_at_door
    if refused is None:
        return ""
    return f" Refused before, and in no block: {_counts(refused) or 'none'}."


def _counts(by_code: dict[str, int]) -> str:
    return ", ".join(f"{count} {escape(code)}" for code, count in by_code.items())


def _memory_table(report: Report) -> str:
    """What the validators' applications hold in memory at the end."""
    rows = "".join(
        f"<tr><td>{escape(validator)}<td>{mib:.1f}" for validator, mib in report.application_memory_mib.items()
    )
    return f"<table><tr><th>application of<th>memory at the end, MiB{rows}</table>" if rows else ""


def _device_table(report: Report) -> str:
    """What cars and heat stores hold at the day's end, beside what they would without the market."""
    rows = "".join(
        f"<tr><td>{escape(home.id)}<td>{escape(', '.join(home.devices))}<td>{home.devices_end_wh / 1000:.2f}"
        f"<td>{home.devices_end_without_market_wh / 1000:.2f}"
        for home in report.homes
        if home.devices
    )
    head = "<tr><th>home<th>flexible devices<th>they hold kWh<th>without the market kWh"
    return f"<table>{head}{rows}</table>" if rows else ""


def _home_table(report: Report) -> str:
    head = (
        "<tr><th>home<th>kind<th>bill €<th>without €<th>saved €<th>by the plain rule €<th>bought kWh<th>sold kWh"
        "<th>rebate €<th>reward €<th>"
    )
    rows = "".join(
        f"<tr><td>{escape(home.id)}<td>{escape(', '.join([home.kind, *home.devices]))}<td>{home.bill_neur / 1e9:.3f}"
        f"<td>{home.bill_without_market_neur / 1e9:.3f}"
        f"<td>{(home.bill_without_market_neur - home.bill_neur) / 1e9:.3f}"
        f"<td>{'' if home.bill_plain_neur is None else f'{home.bill_plain_neur / 1e9:.3f}'}"
        f"<td>{home.bought_wh / 1000:.2f}<td>{home.sold_wh / 1000:.2f}"
        f"<td>{home.rebate_neur / 1e9:.3f}<td>{home.reward_neur / 1e9:.3f}<td>{escape(home.why_higher)}"
        for home in report.homes
    )
    return f"<table>{head}{rows}</table>"
