"""Sessions of real-time control (MODEL section 9, docs/control.md)."""

from __future__ import annotations

from node.audit import grids
from node.audit.books import DueAt, SessionOf, SignalOf, SlotOf, session_bytes
from node.audit.case import Case, Denied, require
from node.audit.clock import slot_now, start_s, wait, watch
from node.audit.phases import limits
from wire.chain import Moment
from wire.control import (
    CloseControl,
    ControlClosed,
    ControlOpened,
    ControlOutcome,
    ControlSession,
    ControlSignal,
    ControlSignalled,
    ControlTerms,
    OpenControl,
    PostSignal,
    SlotControl,
)
from wire.grid import Grid
from wire.results import Code

_MOST_IN_A_SLOT = 16
_OPEN = ControlOutcome.CONTROL_OUTCOME_UNSPECIFIED
_CONVERGED = ControlOutcome.CONTROL_OUTCOME_CONVERGED
_TIMED_OUT, _OVERTAKEN = ControlOutcome.CONTROL_OUTCOME_TIMED_OUT, ControlOutcome.CONTROL_OUTCOME_OVERTAKEN


def _of_dso(case: Case, vdg: str) -> Grid:
    grid = grids.found(case, vdg)
    require(grid.dso == case.sender, Code.WRONG_ROLE)
    return grid


def _terms(session: ControlSession) -> ControlTerms:
    return session.terms or ControlTerms()


def begin(case: Case, m: OpenControl) -> None:
    books, grid, slot = case.books, _of_dso(case, m.vdg), SlotOf(m.vdg, m.slot)
    terms = m.terms or ControlTerms()
    control = limits(case, m.vdg)
    require(control.open_session == 0, Code.ALREADY_EXISTS)
    require(0 <= m.slot - slot_now(grid, case.time_s) <= 1, Code.SLOT_OUT_OF_RANGE)
    number = len(books.sessions.of(slot)) + 1
    require(number <= _MOST_IN_A_SLOT, Code.TOO_MANY_SESSIONS)
    at = SessionOf(m.vdg, m.slot, number)
    session = ControlSession(*at, terms, case.time_s)
    session = _wait_for_a_signal(case, grid, at, session)
    counted = books.slot_controls.get(slot) or SlotControl()
    books.slot_controls.put(slot, counted._replace(sessions=number))
    books.grid_controls.put(m.vdg, control._replace(open_slot=m.slot, open_session=number))
    watch(books, grid, m.slot)
    case.events.append(ControlOpened(session))


def _wait_for_a_signal(case: Case, grid: Grid, at: SessionOf, session: ControlSession) -> ControlSession:
    """Keep a session that goes on, with when it ends by itself."""
    due_s = min(start_s(grid, at.slot + 1), case.time_s + _terms(session).iteration_seconds)
    waiting = session._replace(due_s=due_s)
    case.books.sessions.put(at, waiting)
    wait(case.books, Moment.MOMENT_CONTROL_ENDS, due_s, session_bytes(at))
    return waiting


def _wait_no_more(case: Case, at: SessionOf, session: ControlSession) -> None:
    case.books.due.drop(DueAt(session.due_s, Moment.MOMENT_CONTROL_ENDS, session_bytes(at)))


def _found(case: Case, m: PostSignal | CloseControl) -> tuple[SessionOf, ControlSession]:
    at = SessionOf(*m[:3])
    session = case.books.sessions.get(at)
    if session is None:
        raise Denied(Code.UNKNOWN_SESSION)
    return at, session


def signal(case: Case, m: PostSignal) -> None:
    books, grid = case.books, _of_dso(case, m.vdg)
    at, session = _found(case, m)
    pccs = len(_terms(session).pccs)
    require(m.iteration > session.signals, Code.ALREADY_SIGNALLED)
    require(len(m.neur_per_wh) == pccs and len(m.aggregate_wh) in (0, pccs), Code.WRONG_PCCS)
    require(session.outcome is _OPEN, Code.SESSION_CLOSED)
    require(m.iteration == session.signals + 1, Code.OUT_OF_ORDER)
    require(m.iteration <= _terms(session).max_iterations, Code.TOO_MANY_SIGNALS)
    _wait_no_more(case, at, session)
    measured = m.aggregate_wh if m.aggregate_wh else session.aggregate_wh
    _wait_for_a_signal(case, grid, at, session._replace(signals=m.iteration, aggregate_wh=measured))
    posted = ControlSignal(m.iteration, m.neur_per_wh, m.aggregate_wh, case.time_s)
    books.signals.put(SignalOf(*at, m.iteration), posted)
    case.events.append(ControlSignalled(*at, posted))


def close(case: Case, m: CloseControl) -> None:
    _of_dso(case, m.vdg)
    at, session = _found(case, m)
    terms = _terms(session)
    require(len(m.aggregate_wh) in (0, len(terms.pccs)), Code.WRONG_PCCS)
    require(session.outcome is _OPEN, Code.SESSION_CLOSED)
    require(m.iterations == session.signals, Code.OUT_OF_ORDER)
    if m.outcome is _CONVERGED:
        excess = [m.residual_wh]
        for limit, sum_wh in zip(terms.pccs, m.aggregate_wh, strict=False):
            excess += [sum_wh - limit.max_wh] * limit.has_max + [limit.min_wh - sum_wh] * limit.has_min
        require(len(m.aggregate_wh) > 0 and max(excess) <= terms.tolerance_wh, Code.LIMIT_NOT_KEPT)
    _wait_no_more(case, at, session)
    measured = m.aggregate_wh if m.aggregate_wh else session.aggregate_wh
    _end(case, at, session._replace(residual_wh=m.residual_wh, aggregate_wh=measured), m.outcome)


def _end(case: Case, at: SessionOf, session: ControlSession, outcome: ControlOutcome) -> None:
    ended = session._replace(outcome=outcome, closed_s=case.time_s)
    case.books.sessions.put(at, ended)
    case.books.grid_controls.put(at.vdg, limits(case, at.vdg)._replace(open_slot=0, open_session=0))
    case.events.append(ControlClosed(ended))


def expire(case: Case, key: bytes) -> None:
    """No signal came in time."""
    at = SessionOf(key[:-13].decode(), int.from_bytes(key[-12:-4], "big"), int.from_bytes(key[-4:], "big"))
    session = case.books.sessions.get(at) or ControlSession()
    slot_is_over = session.due_s == start_s(grids.found(case, at.vdg), at.slot + 1)
    _end(case, at, session, _OVERTAKEN if slot_is_over else _TIMED_OUT)


def forget(case: Case, slot: SlotOf) -> None:
    """A slot long over."""
    case.books.sessions.drop_all(slot)
    case.books.signals.drop_all(slot)
