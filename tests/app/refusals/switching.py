"""Phase switches and orders to them."""

from __future__ import annotations

from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.refusals.row import row
from tests.app.world import VDG
from tests.ordering.orders import DEVICE, A, B, C, confirmation, order, switched
from wire.accounts import AdmitAccount, Role
from wire.control import RegisterSwitch, RemoveSwitch, SetSwitchingLimits
from wire.results import Code


@row(Code.OK, chain=switched)
def an_order_for_the_next_slot(chain: Chain) -> bytes:
    return chain.tx("dso", order("ann", 1))


@row(Code.WRONG_ROLE, "not its DSO", chain=switched)
def an_order_by_another_dso(chain: Chain) -> bytes:
    chain.do("registrar", _another_dso())
    return chain.tx("eve", order("ann", 1))


@row(Code.WRONG_ROLE, chain=switched)
def an_order_by_a_home(chain: Chain) -> bytes:
    return chain.tx("ann", order("ann", 1))


@row(Code.WRONG_ROLE, "controller = ", chain=switched)
def a_switch_whose_controller_is_a_home(chain: Chain) -> bytes:
    return chain.tx("dso", RegisterSwitch(VDG, address("dee"), "sw-dee", address("bob"), "feeder-1", A))


@row(Code.UNKNOWN_VDG, "vdg = 'tulip'", chain=switched)
def limits_of_an_unknown_vdg(chain: Chain) -> bytes:
    return chain.tx("registrar", SetSwitchingLimits("tulip", 1, 1))


@row(Code.UNKNOWN_ASSET, "no phase switch", "register", chain=switched)
def an_order_to_a_home_without_a_switch(chain: Chain) -> bytes:
    return chain.tx("dso", order("dee", 1))


@row(Code.UNKNOWN_ASSET, "no phase switch", chain=switched)
def removing_a_switch_that_is_not_there(chain: Chain) -> bytes:
    return chain.tx("dso", RemoveSwitch(VDG, address("dee")))


@row(Code.UNKNOWN_ORDER, "slot = 3", "list the slot's orders", chain=switched)
def confirming_what_nobody_ordered(chain: Chain) -> bytes:
    chain.go_to_slot(3)
    return chain.tx(DEVICE, confirmation("ann", 3))


@row(Code.ALREADY_EXISTS, "remove that one first", chain=switched)
def a_second_switch_of_a_home(chain: Chain) -> bytes:
    return chain.tx("dso", RegisterSwitch(VDG, address("ann"), "sw-2", b"", "feeder-1", A))


@row(Code.ALREADY_EXISTS, "PHASE_B is confirmed", chain=switched)
def confirming_twice(chain: Chain) -> bytes:
    _ordered(chain)
    chain.do(DEVICE, confirmation("ann", 1))
    return chain.tx("ann", confirmation("ann", 1, C))


@row(Code.NOT_A_MEMBER, chain=switched)
def a_switch_of_a_stranger(chain: Chain) -> bytes:
    return chain.tx("dso", RegisterSwitch(VDG, address("supplier"), "sw-x", b"", "feeder-1", A))


@row(Code.NOT_OWNER, "neither this home nor", chain=switched)
def confirming_for_a_neighbour(chain: Chain) -> bytes:
    _ordered(chain)
    return chain.tx("bob", confirmation("ann", 1))


@row(Code.SLOT_OUT_OF_RANGE, "it is slot 3", chain=switched)
def an_order_for_the_slot_that_runs(chain: Chain) -> bytes:
    chain.go_to_slot(3)
    return chain.tx("dso", order("ann", 3))


@row(Code.SLOT_OUT_OF_RANGE, "once the slot has begun", chain=switched)
def confirming_before_the_slot(chain: Chain) -> bytes:
    chain.do("dso", order("ann", 1))
    return chain.tx(DEVICE, confirmation("ann", 1))


@row(Code.SLOT_CLOSED, "past its deadline", chain=switched)
def confirming_after_the_settlement(chain: Chain) -> bytes:
    _ordered(chain)
    chain.go_to_slot(8)
    return chain.tx(DEVICE, confirmation("ann", 1))


@row(Code.SUPERSEDED, "nonce = 1", "nonce 9 is newer", chain=switched)
def an_order_older_than_the_one_there(chain: Chain) -> bytes:
    chain.do("dso", order("ann", 1), nonce=9)
    return chain.tx("dso", order("ann", 1, C), nonce=1)


@row(Code.NONCE_USED, chain=switched)
def an_order_that_is_repeated(chain: Chain) -> bytes:
    tx = chain.tx("dso", order("ann", 1))
    chain.block(tx)
    return tx


@row(Code.TOO_MANY_SWITCHINGS, "2 switches of 'lilas' are ordered", "2 may be", chain=switched)
def a_third_switch_in_a_slot_for_two(chain: Chain) -> bytes:
    for home in ("ann", "bob"):
        chain.do("dso", order(home, 1))
    return chain.tx("dso", order("cid", 1))


@row(Code.TOO_MANY_SWITCHINGS, "3 orders in this day", "another day", chain=switched)
def a_fourth_order_to_a_switch_in_a_day_for_three(chain: Chain) -> bytes:
    for slot in (1, 2, 3):
        chain.do("dso", order("ann", slot))
    return chain.tx("dso", order("ann", 143))


@row(Code.OUT_OF_BOUNDS, "switchings_per_day = 145", "0 to 144", chain=switched)
def more_switchings_a_day_than_slots(chain: Chain) -> bytes:
    return chain.tx("registrar", SetSwitchingLimits(VDG, 1, 145))


def _ordered(chain: Chain) -> None:
    chain.do("dso", order("ann", 1, B))
    chain.go_to_slot(1)


def _another_dso() -> AdmitAccount:
    return AdmitAccount(public_key_of("eve"), (Role.ROLE_DSO,), "eve")
