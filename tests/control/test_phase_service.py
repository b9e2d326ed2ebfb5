"""Phase orders on the real state machine, and switches that confirm them or don't."""

from __future__ import annotations

import asyncio
from collections import Counter

from clients.common.slots import SlotClock
from clients.dso.control.connections import Connection, Connections
from clients.dso.phases.service import PhaseService
from clients.dso.phases.settings import SwitchingSettings
from tests.control.app_control_chain import CONTROLLER, VDG, AppControlChain, account
from tests.dso.app_chain import DSO, household
from wire.address import address_of
from wire.control import ConfirmPhase, Phase, PhaseOrderStatus, PostPhaseOrder
from wire.results import Code

SLOT_SECONDS = 600
HOMES = 6


class Committed:
    """What homes have committed to for slot 1."""

    def __init__(self, flows_wh: list[int]) -> None:
        self._flows_wh = flows_wh

    def of(self, slot: int) -> dict[bytes, int]:
        return {account(number): wh for number, wh in enumerate(self._flows_wh)} if slot == 1 else {}


def stage(flows_wh: list[int], *, per_slot: int = 10, per_day: int = 6) -> tuple[AppControlChain, PhaseService]:
    """Six homes on phase a of one feeder, of which the first three have a switch."""
    controller = address_of(bytes(CONTROLLER.verify_key)).hex()
    switches = [
        {
            "vdg": VDG,
            "account": account(number).hex(),
            "serial": f"S{number}",
            "controller": controller,
            "feeder": "f1",
            "phase": "a",
        }
        for number in range(3)
    ]
    limits = [{"vdg": VDG, "switchings_per_slot": per_slot, "switchings_per_day": per_day}]
    chain = AppControlChain(HOMES, SLOT_SECONDS, {"switches": switches, "limits": limits})
    connections = Connections(Connection(account(n), f"h{n}", "f1", "a") for n in range(HOMES))
    clock = SlotClock(chain.epoch_s, SLOT_SECONDS)
    service = PhaseService(VDG, clock, connections, chain, Committed(flows_wh), SwitchingSettings(hysteresis_wh2=100))
    return chain, service


def test_homes_with_a_switch_are_ordered_to_the_phases_that_balance_what_is_committed() -> None:
    chain, service = stage([600, 600, 0, 200, 200, 200])
    moved = asyncio.run(service.order(1))
    assert set(moved) == {"h0", "h1"}
    assert set(moved.values()) == {"b", "c"}
    orders = asyncio.run(chain.phase_orders(1))
    assert Counter(order.status for order in orders) == {PhaseOrderStatus.PHASE_ORDER_STATUS_ORDERED: 2}
    assert {order.account for order in orders} == {account(0), account(1)}


def test_a_balance_that_saves_too_little_is_left_alone() -> None:
    _, service = stage([5, 5, 0, 0, 0, 0])
    assert asyncio.run(service.order(1)) == {}


def test_no_more_are_ordered_than_a_slot_and_a_day_may_have() -> None:
    _, service = stage([600, 600, 600, 0, 0, 0], per_slot=1)
    assert len(asyncio.run(service.order(1))) == 1
    assert asyncio.run(service.order(1)) == {}
    _, service = stage([600, 600, 600, 0, 0, 0], per_day=0)
    assert asyncio.run(service.order(1)) == {}


def test_what_an_earlier_process_has_ordered_counts_for_the_day() -> None:
    chain, service = stage([600, 600, 0, 200, 200, 200], per_day=1)
    assert chain.execute(PostPhaseOrder(VDG, 2, account(0), Phase.PHASE_B), DSO).code is Code.OK
    first, again = asyncio.run(service.order(1)), asyncio.run(service.order(2))
    assert again == {}
    assert len(first) <= 2


def test_a_switch_moves_a_home_once_it_has_confirmed_and_a_mute_one_is_seen() -> None:
    chain, service = stage([600, 600, 0, 200, 200, 200])
    moved = asyncio.run(service.order(1))
    confirmed = ConfirmPhase(VDG, 1, account(0), {"b": Phase.PHASE_B, "c": Phase.PHASE_C}[moved["h0"]])
    early = chain.execute(confirmed, CONTROLLER)
    assert early.code is Code.SLOT_OUT_OF_RANGE
    assert chain.execute(confirmed, household(1), ahead_s=SLOT_SECONDS).code is Code.NOT_OWNER
    assert chain.execute(confirmed, CONTROLLER, ahead_s=SLOT_SECONDS).code is Code.OK
    chain.execute(confirmed, CONTROLLER, ahead_s=2 * SLOT_SECONDS)
    phases = {switch.account: switch.phase for switch in asyncio.run(chain.switches())}
    assert phases[account(0)] is confirmed.phase
    assert phases[account(1)] is Phase.PHASE_A
    asyncio.run(service.look_back(1))
    assert service.unconfirmed == 1
