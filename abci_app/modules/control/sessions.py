"""Sessions of real-time control: opened, signalled in order, closed by the DSO or by themselves (MODEL section 9)."""

from __future__ import annotations

from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.control.keys import CONTROL_SESSIONS, CONTROL_SIGNALS, GRID_CONTROLS, SLOT_CONTROLS
from abci_app.modules.control.store import control_of, require_own_grid, slot_control
from abci_app.modules.grid.api import require_grid, slot_at, slot_start_s, watch_slot
from abci_app.modules.names import grid_prefix, parse_slot_key, slot_key
from abci_app.state.due import schedule, unschedule
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
)
from wire.grid import Grid
from wire.results import Code
from wire.state_keys import session_key, signal_key

# A DSO that died in a session begins another; more than this in a slot would only fill the state.
MAX_SESSIONS = 16
_NO_TERMS = ControlTerms()


def _key_of(session: ControlSession) -> bytes:
    return session_key(session.vdg, session.slot, session.session)


def _terms(session: ControlSession) -> ControlTerms:
    return session.terms or _NO_TERMS


def _due_s(context: Context, grid: Grid, slot: int, terms: ControlTerms) -> int:
    """When a session closes by itself if nothing comes: no signal in time, or the slot's end."""
    return min(context.time_s + terms.iteration_seconds, slot_start_s(grid, slot + 1))


def open_session(context: Context, message: OpenControl) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, ALREADY_EXISTS, SLOT_OUT_OF_RANGE, TOO_MANY_SESSIONS."""
    state, terms = context.state, message.terms or _NO_TERMS
    grid = require_own_grid(context, message.vdg)
    control = control_of(state, message.vdg)
    if control.open_session:
        raise Refusal(
            Code.ALREADY_EXISTS,
            f"vdg = {message.vdg!r}: session {control.open_session} of slot {control.open_slot} is open; close it",
        )
    now = slot_at(grid, context.time_s)
    if message.slot not in (now, now + 1):
        raise Refusal(Code.SLOT_OUT_OF_RANGE, f"slot = {message.slot}: it is slot {now}; control that one or the next")
    key = slot_key(message.vdg, message.slot)
    count = slot_control(state, key)
    if count.sessions >= MAX_SESSIONS:
        raise Refusal(
            Code.TOO_MANY_SESSIONS, f"slot = {message.slot}: it had {MAX_SESSIONS} sessions; wait for the next slot"
        )
    # After this point the action must succeed.
    number = count.sessions + 1
    session = ControlSession(
        message.vdg,
        message.slot,
        number,
        terms,
        opened_s=context.time_s,
        due_s=_due_s(context, grid, message.slot, terms),
    )
    SLOT_CONTROLS.put(state, key, count._replace(sessions=number))
    GRID_CONTROLS.put(state, grid_prefix(message.vdg), control._replace(open_slot=message.slot, open_session=number))
    CONTROL_SESSIONS.put(state, _key_of(session), session)
    schedule(state, Moment.MOMENT_CONTROL_ENDS, session.due_s, _key_of(session))
    watch_slot(context, grid, message.slot)
    context.emit(ControlOpened(session))


def _require_session(state: State, message: PostSignal | CloseControl) -> ControlSession:
    found = CONTROL_SESSIONS.get(state, session_key(message.vdg, message.slot, message.session))
    if found is None:
        raise Refusal(
            Code.UNKNOWN_SESSION,
            f"session = {message.session} of slot {message.slot}: no such session; list the slot's sessions",
        )
    return found


def _require_entries(session: ControlSession, field: str, given: int) -> None:
    wanted = len(_terms(session).pccs)
    if given != wanted:
        raise Refusal(
            Code.WRONG_PCCS, f"{field} (entries) = {given}: give {wanted}, one for each PCC in the session's order"
        )


def _require_open(session: ControlSession) -> None:
    if session.outcome:
        raise Refusal(
            Code.SESSION_CLOSED,
            f"session = {session.session} of slot {session.slot} is closed: {session.outcome.name}; open another",
        )


def signal(context: Context, message: PostSignal) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, UNKNOWN_SESSION, ALREADY_SIGNALLED, WRONG_PCCS, SESSION_CLOSED,
    OUT_OF_ORDER, TOO_MANY_SIGNALS."""
    state = context.state
    grid = require_own_grid(context, message.vdg)
    session = _require_session(state, message)
    if message.iteration <= session.signals:
        raise Refusal(
            Code.ALREADY_SIGNALLED,
            f"iteration = {message.iteration}: the session has {session.signals} signals, which stay",
        )
    _require_entries(session, "neur_per_wh", len(message.neur_per_wh))
    if message.aggregate_wh:
        _require_entries(session, "aggregate_wh", len(message.aggregate_wh))
    _require_open(session)
    if message.iteration > session.signals + 1:
        raise Refusal(
            Code.OUT_OF_ORDER,
            f"iteration = {message.iteration}: give {session.signals + 1} first; homes answer one signal after another",
        )
    if session.signals >= _terms(session).max_iterations:
        raise Refusal(
            Code.TOO_MANY_SIGNALS,
            f"iteration = {message.iteration}: the session has at most {session.signals}; close it",
        )
    # After this point the action must succeed.
    given = ControlSignal(message.iteration, message.neur_per_wh, message.aggregate_wh, context.time_s)
    due_s = _due_s(context, grid, session.slot, _terms(session))
    key = _key_of(session)
    unschedule(state, Moment.MOMENT_CONTROL_ENDS, session.due_s, key)
    schedule(state, Moment.MOMENT_CONTROL_ENDS, due_s, key)
    measured = message.aggregate_wh or session.aggregate_wh
    after = session._replace(signals=message.iteration, due_s=due_s, aggregate_wh=measured)
    CONTROL_SESSIONS.put(state, key, after)
    CONTROL_SIGNALS.put(state, signal_key(key, message.iteration), given)
    context.emit(ControlSignalled(session.vdg, session.slot, session.session, given))


def _kept(session: ControlSession, message: CloseControl) -> bool:
    """Whether every measured sum is within its limits, but for the tolerance."""
    terms = _terms(session)
    spare = terms.tolerance_wh
    return (
        bool(message.aggregate_wh)
        and message.residual_wh <= spare
        and all(
            not (limit.has_min and aggregate < limit.min_wh - spare)
            and not (limit.has_max and aggregate > limit.max_wh + spare)
            for limit, aggregate in zip(terms.pccs, message.aggregate_wh, strict=True)
        )
    )


def close(context: Context, message: CloseControl) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, UNKNOWN_SESSION, WRONG_PCCS, SESSION_CLOSED, OUT_OF_ORDER,
    LIMIT_NOT_KEPT."""
    require_own_grid(context, message.vdg)
    session = _require_session(context.state, message)
    if message.aggregate_wh:
        _require_entries(session, "aggregate_wh", len(message.aggregate_wh))
    _require_open(session)
    if message.iterations != session.signals:
        raise Refusal(
            Code.OUT_OF_ORDER,
            f"iterations = {message.iterations}: the session has {session.signals} signals; send the others first",
        )
    if message.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED and not _kept(session, message):
        raise Refusal(
            Code.LIMIT_NOT_KEPT,
            f"aggregate_wh = {list(message.aggregate_wh)[:8]}, residual_wh = {message.residual_wh}: not within the "
            f"limits by {_terms(session).tolerance_wh} Wh; close it as NOT_CONVERGED or UNATTAINABLE",
        )
    # After this point the action must succeed.
    unschedule(context.state, Moment.MOMENT_CONTROL_ENDS, session.due_s, _key_of(session))
    measured = message.aggregate_wh or session.aggregate_wh
    _end(context, session._replace(residual_wh=message.residual_wh, aggregate_wh=measured), message.outcome)


def _end(context: Context, session: ControlSession, outcome: ControlOutcome) -> None:
    """Close a session; another can be opened."""
    closed = session._replace(outcome=outcome, closed_s=context.time_s)
    CONTROL_SESSIONS.put(context.state, _key_of(session), closed)
    control = control_of(context.state, session.vdg)
    GRID_CONTROLS.put(context.state, grid_prefix(session.vdg), control._replace(open_slot=0, open_session=0))
    context.emit(ControlClosed(closed))


def time_out(context: Context, key: bytes) -> None:
    """Close a session that got no signal in time, or that the slot's end has overtaken."""
    session = CONTROL_SESSIONS.get(context.state, key) or ControlSession()
    vdg, slot = parse_slot_key(key)
    overtaken = session.due_s >= slot_start_s(require_grid(context.state, vdg), slot + 1)
    outcome = ControlOutcome.CONTROL_OUTCOME_OVERTAKEN if overtaken else ControlOutcome.CONTROL_OUTCOME_TIMED_OUT
    _end(context, session, outcome)
