"""Phase orders to homes' switches, and sessions of real-time control (MODEL sections 8, 9; thesis chapters 5, 6)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.fields import choice_of, flag, many, one, raw, sint, text, uint


class Phase(IntEnum):
    """A phase of the low-voltage grid."""

    PHASE_UNSPECIFIED = 0
    PHASE_A = 1
    PHASE_B = 2
    PHASE_C = 3


class PhaseOrderStatus(IntEnum):
    """What became of a phase order: it waits, was confirmed in its slot, was not, or was after the slot's end."""

    PHASE_ORDER_STATUS_UNSPECIFIED = 0
    PHASE_ORDER_STATUS_ORDERED = 1
    PHASE_ORDER_STATUS_CONFIRMED = 2
    PHASE_ORDER_STATUS_UNCONFIRMED = 3
    PHASE_ORDER_STATUS_LATE = 4


class ControlReason(IntEnum):
    """Why the DSO controls flows: a voltage or a current near its limit in the last slot, or in the forecast."""

    CONTROL_REASON_UNSPECIFIED = 0
    CONTROL_REASON_VOLTAGE = 1
    CONTROL_REASON_CURRENT = 2
    CONTROL_REASON_FORECAST = 3


class ControlLaw(IntEnum):
    """By which law the DSO changes the signal: a secant, or (6.21) of the thesis."""

    CONTROL_LAW_UNSPECIFIED = 0
    CONTROL_LAW_SECANT = 1
    CONTROL_LAW_THESIS = 2


class ControlOutcome(IntEnum):
    """How a session ended: the DSO closed it, or it was closed by itself (timed out, overtaken by the slot's end).

    Unspecified while it is open.
    """

    CONTROL_OUTCOME_UNSPECIFIED = 0
    CONTROL_OUTCOME_CONVERGED = 1
    CONTROL_OUTCOME_NOT_CONVERGED = 2
    CONTROL_OUTCOME_UNATTAINABLE = 3
    CONTROL_OUTCOME_ABORTED = 4
    CONTROL_OUTCOME_TIMED_OUT = 5
    CONTROL_OUTCOME_OVERTAKEN = 6


class Switch(NamedTuple):
    """A home's phase switch. ``phase`` is the one that was confirmed last, by an order for ``since_slot``.

    ``controller`` is the account of the device, which confirms orders as the home itself may; empty for none.
    """

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""
    serial: Annotated[str, text(3)] = ""
    controller: Annotated[bytes, raw(4)] = b""
    feeder: Annotated[str, text(5)] = ""
    phase: Annotated[Phase, choice_of(6, Phase)] = Phase.PHASE_UNSPECIFIED
    since_slot: Annotated[int, uint(7)] = 0


class PhaseOrder(NamedTuple):
    """The phase that a home is to be on from a slot on, and which the switch says it is on (``executed``)."""

    account: Annotated[bytes, raw(1)] = b""
    phase: Annotated[Phase, choice_of(2, Phase)] = Phase.PHASE_UNSPECIFIED
    nonce: Annotated[int, uint(3)] = 0
    status: Annotated[PhaseOrderStatus, choice_of(4, PhaseOrderStatus)] = (
        PhaseOrderStatus.PHASE_ORDER_STATUS_UNSPECIFIED
    )
    executed: Annotated[Phase, choice_of(5, Phase)] = Phase.PHASE_UNSPECIFIED
    confirmed_s: Annotated[int, uint(6)] = 0


class GridControl(NamedTuple):
    """A VDG's limits of switching, how many switches it has, and its open session (number 0: none is open)."""

    vdg: Annotated[str, text(1)] = ""
    switchings_per_slot: Annotated[int, uint(2)] = 0
    switchings_per_day: Annotated[int, uint(3)] = 0
    switches: Annotated[int, uint(4)] = 0
    open_slot: Annotated[int, uint(5)] = 0
    open_session: Annotated[int, uint(6)] = 0


class SlotControl(NamedTuple):
    """How many phase orders a slot has, how many of them were confirmed, and how many sessions it had."""

    orders: Annotated[int, uint(1)] = 0
    confirmed: Annotated[int, uint(2)] = 0
    sessions: Annotated[int, uint(3)] = 0


class SwitchDay(NamedTuple):
    """How many orders a switch has for the slots of a day."""

    orders: Annotated[int, uint(1)] = 0


class PccLimit(NamedTuple):
    """(6.7) for a PCC, a phase of a feeder: limits of its homes' summed flow in the slot (Wh, positive = taken).

    ``min_reason`` and ``max_reason`` say what would be broken beyond, in words; empty where nothing was said.
    """

    pcc: Annotated[str, text(1)] = ""
    homes: Annotated[int, uint(2)] = 0
    has_min: Annotated[bool, flag(3)] = False
    min_wh: Annotated[int, sint(4)] = 0
    has_max: Annotated[bool, flag(5)] = False
    max_wh: Annotated[int, sint(6)] = 0
    min_reason: Annotated[str, text(7)] = ""
    max_reason: Annotated[str, text(8)] = ""


class ControlTerms(NamedTuple):
    """What a session is about: reason, limits, and how the signal is sought.

    ``distribution_fee_neur_per_wh2`` is D of (6.12), ``tolerance_wh`` what a sum may miss its limit by; signals come
    within ``iteration_seconds`` of each other. ``assignment_root`` binds the DSO to which home is on which PCC.
    """

    reason: Annotated[ControlReason, choice_of(1, ControlReason)] = ControlReason.CONTROL_REASON_UNSPECIFIED
    law: Annotated[ControlLaw, choice_of(2, ControlLaw)] = ControlLaw.CONTROL_LAW_UNSPECIFIED
    pccs: Annotated[tuple[PccLimit, ...], many(one(3, PccLimit))] = ()
    distribution_fee_neur_per_wh2: Annotated[int, uint(4)] = 0
    tolerance_wh: Annotated[int, uint(5)] = 0
    max_iterations: Annotated[int, uint(6)] = 0
    iteration_seconds: Annotated[int, uint(7)] = 0
    assignment_root: Annotated[bytes, raw(8)] = b""


class ControlSession(NamedTuple):
    """A session: its terms, how many signals it had, and how it ended. Sessions of a slot are numbered from 1.

    It closes by itself at ``due_s`` unless a signal comes. ``aggregate_wh`` are the last sums that were measured,
    by PCC; none if nothing was.
    """

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    session: Annotated[int, uint(3)] = 0
    terms: Annotated[ControlTerms | None, one(4, ControlTerms)] = None
    opened_s: Annotated[int, uint(5)] = 0
    due_s: Annotated[int, uint(6)] = 0
    signals: Annotated[int, uint(7)] = 0
    outcome: Annotated[ControlOutcome, choice_of(8, ControlOutcome)] = ControlOutcome.CONTROL_OUTCOME_UNSPECIFIED
    residual_wh: Annotated[int, uint(9)] = 0
    aggregate_wh: Annotated[tuple[int, ...], many(sint(10))] = ()
    closed_s: Annotated[int, uint(11)] = 0


class ControlSignal(NamedTuple):
    """The signal of an iteration by PCC, the same for all homes of it, and the sums measured before it."""

    iteration: Annotated[int, uint(1)] = 0
    neur_per_wh: Annotated[tuple[int, ...], many(sint(2))] = ()
    aggregate_wh: Annotated[tuple[int, ...], many(sint(3))] = ()
    time_s: Annotated[int, uint(4)] = 0


class RegisterSwitch(NamedTuple):
    """The VDG's DSO registers a member's phase switch, with the feeder and the phase that the home is on."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""
    serial: Annotated[str, text(3)] = ""
    controller: Annotated[bytes, raw(4)] = b""
    feeder: Annotated[str, text(5)] = ""
    phase: Annotated[Phase, choice_of(6, Phase)] = Phase.PHASE_UNSPECIFIED


class RemoveSwitch(NamedTuple):
    """The VDG's DSO removes a member's phase switch."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""


class SetSwitchingLimits(NamedTuple):
    """The registrar limits a DSO: switches ordered in a slot, and orders to one switch in a day."""

    vdg: Annotated[str, text(1)] = ""
    switchings_per_slot: Annotated[int, uint(2)] = 0
    switchings_per_day: Annotated[int, uint(3)] = 0


class PostPhaseOrder(NamedTuple):
    """The VDG's DSO orders a home's switch to a phase from a later slot on; a newer order replaces an older one."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    phase: Annotated[Phase, choice_of(4, Phase)] = Phase.PHASE_UNSPECIFIED


class ConfirmPhase(NamedTuple):
    """The switch (or its home) says which phase it is on, upon the order for a slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    phase: Annotated[Phase, choice_of(4, Phase)] = Phase.PHASE_UNSPECIFIED


class OpenControl(NamedTuple):
    """The VDG's DSO begins a session for the slot that runs or the next."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    terms: Annotated[ControlTerms | None, one(3, ControlTerms)] = None


class PostSignal(NamedTuple):
    """The DSO's signal of an iteration (from 1), by PCC; ``aggregate_wh`` is what it measured before, if it did."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    session: Annotated[int, uint(3)] = 0
    iteration: Annotated[int, uint(4)] = 0
    neur_per_wh: Annotated[tuple[int, ...], many(sint(5))] = ()
    aggregate_wh: Annotated[tuple[int, ...], many(sint(6))] = ()


class CloseControl(NamedTuple):
    """The DSO ends a session of ``iterations`` signals with what it measured after the last one."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    session: Annotated[int, uint(3)] = 0
    iterations: Annotated[int, uint(4)] = 0
    outcome: Annotated[ControlOutcome, choice_of(5, ControlOutcome)] = ControlOutcome.CONTROL_OUTCOME_UNSPECIFIED
    residual_wh: Annotated[int, uint(6)] = 0
    aggregate_wh: Annotated[tuple[int, ...], many(sint(7))] = ()


class SwitchRegistered(NamedTuple):
    """Event: a switch is there."""

    switch: Annotated[Switch | None, one(1, Switch)] = None


class SwitchRemoved(NamedTuple):
    """Event: a switch is gone."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""


class SwitchingLimitsSet(NamedTuple):
    """Event: a VDG's limits of switching."""

    vdg: Annotated[str, text(1)] = ""
    switchings_per_slot: Annotated[int, uint(2)] = 0
    switchings_per_day: Annotated[int, uint(3)] = 0


class PhaseOrdered(NamedTuple):
    """Event: a home's switch is to be on a phase from a slot on."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    phase: Annotated[Phase, choice_of(4, Phase)] = Phase.PHASE_UNSPECIFIED


class PhaseConfirmed(NamedTuple):
    """Event: a switch says which phase it is on; ``late`` if the slot was over."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    ordered: Annotated[Phase, choice_of(4, Phase)] = Phase.PHASE_UNSPECIFIED
    executed: Annotated[Phase, choice_of(5, Phase)] = Phase.PHASE_UNSPECIFIED
    late: Annotated[bool, flag(6)] = False


class PhaseUnconfirmed(NamedTuple):
    """Event: a slot ended, and nobody has confirmed the order for it."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    phase: Annotated[Phase, choice_of(4, Phase)] = Phase.PHASE_UNSPECIFIED


class ControlOpened(NamedTuple):
    """Event: a session begins."""

    session: Annotated[ControlSession | None, one(1, ControlSession)] = None


class ControlSignalled(NamedTuple):
    """Event: the signal of an iteration by PCC, and the sums measured before it."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    session: Annotated[int, uint(3)] = 0
    signal: Annotated[ControlSignal | None, one(4, ControlSignal)] = None


class ControlClosed(NamedTuple):
    """Event: a session ended, by the DSO or by itself."""

    session: Annotated[ControlSession | None, one(1, ControlSession)] = None


class GetSwitchRequest(NamedTuple):
    """Query: a home's switch."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""


class GetSwitchResponse(NamedTuple):
    """The switch, if it is there."""

    found: Annotated[bool, flag(1)] = False
    switch: Annotated[Switch | None, one(2, Switch)] = None


class ListSwitchesRequest(NamedTuple):
    """Query: a VDG's switches in order of account, paged."""

    vdg: Annotated[str, text(1)] = ""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListSwitchesResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    switches: Annotated[tuple[Switch, ...], many(one(1, Switch))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class GetPhaseOrderRequest(NamedTuple):
    """Query: the order to one home's switch for a slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""


class GetPhaseOrderResponse(NamedTuple):
    """The order, if it is there."""

    found: Annotated[bool, flag(1)] = False
    order: Annotated[PhaseOrder | None, one(2, PhaseOrder)] = None


class ListPhaseOrdersRequest(NamedTuple):
    """Query: a slot's phase orders in order of account, paged."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    page_token: Annotated[bytes, raw(3)] = b""
    limit: Annotated[int, uint(4)] = 0


class ListPhaseOrdersResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    orders: Annotated[tuple[PhaseOrder, ...], many(one(1, PhaseOrder))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class GetGridControlRequest(NamedTuple):
    """Query: a VDG's limits of switching and its open session."""

    vdg: Annotated[str, text(1)] = ""


class GetGridControlResponse(NamedTuple):
    """What was set, or the defaults where nothing was (then not found)."""

    found: Annotated[bool, flag(1)] = False
    control: Annotated[GridControl | None, one(2, GridControl)] = None


class GetSessionRequest(NamedTuple):
    """Query: a session of a slot, by its number."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    session: Annotated[int, uint(3)] = 0


class GetSessionResponse(NamedTuple):
    """The session, if it is there."""

    found: Annotated[bool, flag(1)] = False
    session: Annotated[ControlSession | None, one(2, ControlSession)] = None


class ListSessionsRequest(NamedTuple):
    """Query: a slot's sessions."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0


class ListSessionsResponse(NamedTuple):
    """In order of number."""

    sessions: Annotated[tuple[ControlSession, ...], many(one(1, ControlSession))] = ()


class ListSignalsRequest(NamedTuple):
    """Query: a session's signals, paged."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    session: Annotated[int, uint(3)] = 0
    page_token: Annotated[bytes, raw(4)] = b""
    limit: Annotated[int, uint(5)] = 0


class ListSignalsResponse(NamedTuple):
    """A page in order of iteration; an empty ``next_page_token`` says that it is the last."""

    signals: Annotated[tuple[ControlSignal, ...], many(one(1, ControlSignal))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""
