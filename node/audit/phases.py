"""Phase switches and the orders to them (MODEL section 8, docs/control.md)."""

from __future__ import annotations

from node.audit import accounts, grids
from node.audit.books import DayOf, HomeSlot, MemberOf, SlotOf, slot_bytes
from node.audit.case import Case, Denied, require
from node.audit.clock import DAY_SLOTS, deadline_s, require_ahead, start_s, wait, watch
from wire.accounts import Role
from wire.chain import Moment
from wire.control import (
    ConfirmPhase,
    GridControl,
    PhaseConfirmed,
    PhaseOrder,
    PhaseOrdered,
    PhaseOrderStatus,
    PhaseUnconfirmed,
    PostPhaseOrder,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
    SlotControl,
    Switch,
    SwitchDay,
    SwitchingLimitsSet,
    SwitchRegistered,
    SwitchRemoved,
)
from wire.results import Code

_PER_SLOT, _PER_DAY = 10, 6
_WAITS, _MISSED = PhaseOrderStatus.PHASE_ORDER_STATUS_ORDERED, PhaseOrderStatus.PHASE_ORDER_STATUS_UNCONFIRMED
_IN_TIME, _LATE = PhaseOrderStatus.PHASE_ORDER_STATUS_CONFIRMED, PhaseOrderStatus.PHASE_ORDER_STATUS_LATE


def limits(case: Case, vdg: str) -> GridControl:
    """What a VDG's DSO may order."""
    return case.books.grid_controls.get(vdg) or GridControl(vdg, _PER_SLOT, _PER_DAY)


def _switch(case: Case, vdg: str, account: bytes) -> Switch:
    switch = case.books.switches.get(MemberOf(vdg, account))
    if switch is None:
        raise Denied(Code.UNKNOWN_ASSET)
    return switch


def register(case: Case, m: RegisterSwitch) -> None:
    require(grids.found(case, m.vdg).dso == case.sender, Code.WRONG_ROLE)
    add(case, m)


def add(case: Case, m: RegisterSwitch) -> None:
    """A member's only switch; its device has an account, or has none."""
    if m.controller:
        accounts.having(case, m.controller, Role.ROLE_CONTROLLER)
    at = MemberOf(m.vdg, m.account)
    require(case.books.switches.get(at) is None, Code.ALREADY_EXISTS)
    grids.member(case, m.vdg, m.account)
    switch = Switch(m.vdg, m.account, m.serial, m.controller, m.feeder, m.phase, 0)
    case.books.switches.put(at, switch)
    _recount(case, m.vdg)
    case.events.append(SwitchRegistered(switch))


def _recount(case: Case, vdg: str) -> None:
    counted = limits(case, vdg)._replace(switches=len(case.books.switches.of(vdg)))
    case.books.grid_controls.put(vdg, counted)


def remove(case: Case, m: RemoveSwitch) -> None:
    require(grids.found(case, m.vdg).dso == case.sender, Code.WRONG_ROLE)
    _switch(case, m.vdg, m.account)
    case.books.switches.drop(MemberOf(m.vdg, m.account))
    _recount(case, m.vdg)
    case.events.append(SwitchRemoved(m.vdg, m.account))


def set_limits(case: Case, m: SetSwitchingLimits) -> None:
    grids.found(case, m.vdg)
    in_bounds = 0 <= m.switchings_per_slot <= 1000 and 0 <= m.switchings_per_day <= DAY_SLOTS
    require(in_bounds, Code.OUT_OF_BOUNDS)
    _, _, _, *counted = limits(case, m.vdg)
    changed = GridControl(*m, *counted)
    case.books.grid_controls.put(m.vdg, changed)
    case.events.append(SwitchingLimitsSet(*m))


def post(case: Case, m: PostPhaseOrder) -> None:
    books, grid = case.books, grids.found(case, m.vdg)
    require(grid.dso == case.sender, Code.WRONG_ROLE)
    _switch(case, m.vdg, m.account)
    require_ahead(case, grid, m.slot, 1)
    at, slot, day = HomeSlot(*m[:3]), SlotOf(m.vdg, m.slot), DayOf(m.vdg, m.slot // DAY_SLOTS, m.account)
    old = books.phase_orders.get(at)
    if old is None:
        in_slot, in_day = len(books.phase_orders.of(slot)), (books.switch_days.get(day) or SwitchDay()).orders
        allowed = limits(case, m.vdg)
        room = in_slot < allowed.switchings_per_slot and in_day < allowed.switchings_per_day
        require(room, Code.TOO_MANY_SWITCHINGS)
        books.switch_days.put(day, SwitchDay(in_day + 1))
        wait(books, Moment.MOMENT_SWITCHING_ENDS, start_s(grid, m.slot + 1), slot_bytes(slot))
        watch(books, grid, m.slot)
    else:
        require(old.nonce <= case.nonce, Code.SUPERSEDED)
    books.phase_orders.put(at, PhaseOrder(m.account, m.phase, case.nonce, _WAITS))
    if old is None:
        _count(case, slot)
    case.events.append(PhaseOrdered(*m))


def _count(case: Case, slot: SlotOf) -> None:
    """The counts of a slot, from its orders."""
    orders = [order for _, order in case.books.phase_orders.of(slot)]
    counted = case.books.slot_controls.get(slot) or SlotControl()
    confirmed = len([order for order in orders if order.executed])
    case.books.slot_controls.put(slot, counted._replace(orders=len(orders), confirmed=confirmed))


def confirm(case: Case, m: ConfirmPhase) -> None:
    books, grid = case.books, grids.found(case, m.vdg)
    switch = _switch(case, m.vdg, m.account)
    at = HomeSlot(*m[:3])
    order = books.phase_orders.get(at)
    if order is None:
        raise Denied(Code.UNKNOWN_ORDER)
    require(not order.executed, Code.ALREADY_EXISTS)
    require(case.sender in {switch.account, switch.controller}, Code.NOT_OWNER)
    require(start_s(grid, m.slot) <= case.time_s, Code.SLOT_OUT_OF_RANGE)
    require(case.time_s < deadline_s(grid, m.slot), Code.SLOT_CLOSED)
    late = start_s(grid, m.slot + 1) <= case.time_s
    status = _LATE if late else _IN_TIME
    books.phase_orders.put(at, PhaseOrder(m.account, order.phase, order.nonce, status, m.phase, case.time_s))
    _count(case, SlotOf(m.vdg, m.slot))
    if switch.since_slot <= m.slot:
        books.switches.put(MemberOf(m.vdg, m.account), switch._replace(phase=m.phase, since_slot=m.slot))
    case.events.append(PhaseConfirmed(m.vdg, m.slot, m.account, order.phase, m.phase, late))


def end_slot(case: Case, slot: SlotOf) -> None:
    """Who has not confirmed is told; days that are over need no counts."""
    books = case.books
    for at, order in books.phase_orders.of(slot):
        if order.status is _WAITS:
            books.phase_orders.put(at, order._replace(status=_MISSED))
            case.events.append(PhaseUnconfirmed(slot.vdg, slot.slot, order.account, order.phase))
    for day, _ in books.switch_days.of(slot.vdg):
        if (day.day + 1) * DAY_SLOTS <= slot.slot + 1:
            books.switch_days.drop(day)


def forget(case: Case, slot: SlotOf) -> None:
    """A slot long over."""
    case.books.phase_orders.drop_all(slot)
    case.books.slot_controls.drop(slot)
