"""Phase orders: posted before a slot, confirmed by the switch, marked where nobody did (MODEL section 8)."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.control.keys import PHASE_ORDERS, SLOT_CONTROLS, SWITCH_DAYS, SWITCHES
from abci_app.modules.control.store import control_of, require_own_grid, slot_control
from abci_app.modules.control.switches import check_phase, require_switch
from abci_app.modules.grid.api import (
    deadline_s,
    require_future_slots,
    require_grid,
    slot_at,
    slot_start_s,
    watch_slot,
)
from abci_app.modules.grid.slots import MAX_SLOT, SLOTS_PER_DAY
from abci_app.modules.names import grid_prefix, parse_slot_key, slot_key
from abci_app.state.due import schedule
from wire.chain import Moment
from wire.control import (
    ConfirmPhase,
    PhaseConfirmed,
    PhaseOrder,
    PhaseOrdered,
    PhaseOrderStatus,
    PhaseUnconfirmed,
    PostPhaseOrder,
    SwitchDay,
)
from wire.grid import Grid
from wire.results import Code

_NONE = SwitchDay()


def check_phase_message(message: PostPhaseOrder | ConfirmPhase) -> None:
    """Fields of PostPhaseOrder and ConfirmPhase."""
    check.name("vdg", message.vdg)
    check.at_most("slot", message.slot, MAX_SLOT)
    check.address("account", message.account)
    check_phase(message.phase)


def _day_key(vdg: str, day: int) -> bytes:
    """``<vdg>/<day, 8 bytes>``, which is made as a slot's key is."""
    return slot_key(vdg, day)


def post(context: Context, message: PostPhaseOrder) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, UNKNOWN_ASSET, SLOT_OUT_OF_RANGE, SUPERSEDED, TOO_MANY_SWITCHINGS.

    Which of two orders for a switch and slot stays follows from their nonces, not from which comes first.
    """
    state = context.state
    grid = require_own_grid(context, message.vdg)
    require_switch(state, message.vdg, message.account)
    require_future_slots(grid, context.time_s, message.slot, 1)
    key = slot_key(message.vdg, message.slot)
    old = PHASE_ORDERS.get(state, key + message.account)
    if old is not None and old.nonce > context.nonce:
        raise Refusal(Code.SUPERSEDED, f"nonce = {context.nonce}: the order with nonce {old.nonce} is newer and stays")
    count = slot_control(state, key)
    day_key = _day_key(message.vdg, message.slot // SLOTS_PER_DAY) + message.account
    in_day = (SWITCH_DAYS.get(state, day_key) or _NONE).orders
    if old is None:
        _require_room(context, message, count.orders, in_day)
    # After this point the action must succeed.
    if old is None:
        SLOT_CONTROLS.put(state, key, count._replace(orders=count.orders + 1))
        SWITCH_DAYS.put(state, day_key, SwitchDay(in_day + 1))
        schedule(state, Moment.MOMENT_SWITCHING_ENDS, slot_start_s(grid, message.slot + 1), key)
        watch_slot(context, grid, message.slot)
    order = PhaseOrder(message.account, message.phase, context.nonce, PhaseOrderStatus.PHASE_ORDER_STATUS_ORDERED)
    PHASE_ORDERS.put(state, key + message.account, order)
    context.emit(PhaseOrdered(*message))


def _require_room(context: Context, message: PostPhaseOrder, in_slot: int, in_day: int) -> None:
    control = control_of(context.state, message.vdg)
    if in_slot >= control.switchings_per_slot:
        raise Refusal(
            Code.TOO_MANY_SWITCHINGS,
            f"slot = {message.slot}: {in_slot} switches of {message.vdg!r} are ordered in it, "
            f"{control.switchings_per_slot} may be; choose another slot, or replace an order",
        )
    if in_day >= control.switchings_per_day:
        raise Refusal(
            Code.TOO_MANY_SWITCHINGS,
            f"slot = {message.slot}: the switch of {message.account.hex()} has {in_day} orders in this day, "
            f"{control.switchings_per_day} are allowed; choose another day, or replace an order",
        )


def confirm(context: Context, message: ConfirmPhase) -> None:
    """Raises: Refusal UNKNOWN_VDG, UNKNOWN_ASSET, UNKNOWN_ORDER, ALREADY_EXISTS, NOT_OWNER, SLOT_OUT_OF_RANGE,
    SLOT_CLOSED.

    One that comes after the slot's end and before its settlement is taken and marked as late.
    """
    state = context.state
    grid = require_grid(state, message.vdg)
    switch = require_switch(state, message.vdg, message.account)
    key = slot_key(message.vdg, message.slot)
    order = PHASE_ORDERS.get(state, key + message.account)
    if order is None:
        raise Refusal(
            Code.UNKNOWN_ORDER,
            f"slot = {message.slot}: no phase order for the switch of {message.account.hex()}; list the slot's orders",
        )
    if order.executed:
        raise Refusal(Code.ALREADY_EXISTS, f"slot = {message.slot}: {order.executed.name} is confirmed, and stays")
    if context.sender not in (switch.account, switch.controller):
        raise Refusal(
            Code.NOT_OWNER,
            f"account = {message.account.hex()}: the sender is neither this home nor its switch's controller",
        )
    _require_confirmable(context, grid, message.slot)
    # After this point the action must succeed.
    late = context.time_s >= slot_start_s(grid, message.slot + 1)
    status = PhaseOrderStatus.PHASE_ORDER_STATUS_LATE if late else PhaseOrderStatus.PHASE_ORDER_STATUS_CONFIRMED
    done = order._replace(status=status, executed=message.phase, confirmed_s=context.time_s)
    PHASE_ORDERS.put(state, key + message.account, done)
    count = slot_control(state, key)
    SLOT_CONTROLS.put(state, key, count._replace(confirmed=count.confirmed + 1))
    if message.slot >= switch.since_slot:
        # What is said late of an older order doesn't undo what a newer one did.
        moved = switch._replace(phase=message.phase, since_slot=message.slot)
        SWITCHES.put(state, grid_prefix(message.vdg) + message.account, moved)
    context.emit(PhaseConfirmed(message.vdg, message.slot, message.account, order.phase, message.phase, late))


def _require_confirmable(context: Context, grid: Grid, slot: int) -> None:
    if context.time_s < slot_start_s(grid, slot):
        raise Refusal(
            Code.SLOT_OUT_OF_RANGE,
            f"slot = {slot}: it is slot {slot_at(grid, context.time_s)}; confirm once the slot has begun",
        )
    if context.time_s >= deadline_s(grid, slot):
        raise Refusal(Code.SLOT_CLOSED, f"slot = {slot} is past its deadline: confirmations are taken no more")


def end_slot(context: Context, key: bytes) -> None:
    """Mark the orders of a slot that is over which nobody has confirmed; forget the counts of days that are over."""
    state = context.state
    vdg, slot = parse_slot_key(key)
    for order_key, order in list(PHASE_ORDERS.items(state, key)):
        if order.status is PhaseOrderStatus.PHASE_ORDER_STATUS_ORDERED:
            missed = order._replace(status=PhaseOrderStatus.PHASE_ORDER_STATUS_UNCONFIRMED)
            PHASE_ORDERS.put(state, order_key, missed)
            context.emit(PhaseUnconfirmed(vdg, slot, order.account, order.phase))
    day_end = _day_key(vdg, (slot + 1) // SLOTS_PER_DAY)
    for day_key, _ in list(SWITCH_DAYS.items(state, grid_prefix(vdg))):
        if day_key >= day_end:
            break
        SWITCH_DAYS.delete(state, day_key)
