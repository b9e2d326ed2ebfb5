"""The DSO's orders on a run's page: each session of real-time control, and phase orders."""

from __future__ import annotations

from collections import Counter
from html import escape

from node.run.control_day import ControlReport, PccReport, SessionReport


def control_section(control: ControlReport) -> str:
    """The section as HTML."""
    return f"""<h2>Real-time control and phases</h2>{_sessions(control.sessions)}{_orders(control)}"""


def summary_of(control: ControlReport) -> str:
    """One line for the terminal."""
    outcomes = Counter(session.outcome for session in control.sessions)
    statuses = Counter(order.status for order in control.phase_orders)
    ended = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(outcomes.items()))
    ordered = ", ".join(f"{count} {name}" for name, count in sorted(statuses.items()))
    return f"control: {len(control.sessions)} sessions ({ended or 'none'}); phase orders: {ordered or 'none'}"


def _sessions(sessions: list[SessionReport]) -> str:
    if not sessions:
        return "<p>No flows had to be controlled.</p>"
    head = (
        "<tr><th>slot<th>why<th>PCC<th>limits Wh<th>before Wh<th>after Wh<th>signal c€/kWh<th>iterations<th>seconds"
        "<th>outcome"
    )
    rows = "".join(_session(session) for session in sessions)
    return (
        "<p>Each session, with what each point of common coupling was allowed, what it would have had and what it had: "
        f"sums of its homes' flows in the slot, positive = taken.</p><table>{head}{rows}</table>"
    )


def _session(session: SessionReport) -> str:
    rows = []
    for number, pcc in enumerate(session.pccs):
        first = number == 0
        rows.append(
            f"<tr><td>{f'{session.slot}' if first else ''}<td>{escape(session.why or session.reason) if first else ''}"
            f'<td title="{escape(pcc.reason)}">{escape(pcc.pcc)}<td>{_limits(pcc)}<td>{_shown(pcc.before_wh)}'
            f"<td>{_shown(pcc.after_wh)}<td>{_cents(pcc.signal_neur_per_wh)}"
            f"<td>{session.iterations if first else ''}<td>{f'{session.seconds:.1f}' if first else ''}"
            f"<td>{escape(session.outcome.replace('_', ' ')) if first else ''}"
        )
    return "".join(rows)


def _orders(control: ControlReport) -> str:
    if not control.phase_orders:
        return ""
    rows = "".join(
        f"<tr><td>{order.slot}<td>{escape(order.home)}<td>{escape(order.phase)}<td>{escape(order.status)}"
        for order in control.phase_orders
    )
    head = "<tr><th>slot<th>home<th>phase<th>"
    return f"<p>Phase orders, and whether the switch confirmed them.</p><table>{head}{rows}</table>"


def _limits(pcc: PccReport) -> str:
    return f"{_shown(pcc.min_wh)} … {_shown(pcc.max_wh)}"


def _shown(value: int | None) -> str:
    return "" if value is None else str(value)


def _cents(value: int | None) -> str:
    return "" if value is None else f"{value / 10_000:.2f}"
