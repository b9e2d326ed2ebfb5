"""Phase switches of homes and the DSO's orders to them (MODEL section 8; thesis chapter 5)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.fields import choice_of, flag, many, one, raw, text, uint


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
    """A VDG's limits of switching, and how many switches it has."""

    vdg: Annotated[str, text(1)] = ""
    switchings_per_slot: Annotated[int, uint(2)] = 0
    switchings_per_day: Annotated[int, uint(3)] = 0
    switches: Annotated[int, uint(4)] = 0


class SlotControl(NamedTuple):
    """How many phase orders a slot has, and how many of them were confirmed."""

    orders: Annotated[int, uint(1)] = 0
    confirmed: Annotated[int, uint(2)] = 0


class SwitchDay(NamedTuple):
    """How many orders a switch has for the slots of a day."""

    orders: Annotated[int, uint(1)] = 0


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
    """Query: a VDG's limits of switching."""

    vdg: Annotated[str, text(1)] = ""


class GetGridControlResponse(NamedTuple):
    """What was set, or the defaults where nothing was (then not found)."""

    found: Annotated[bool, flag(1)] = False
    control: Annotated[GridControl | None, one(2, GridControl)] = None
