"""Slots, gates, deadlines, and what a newer nonce has replaced."""

from __future__ import annotations

from tests.app.chain import Chain
from tests.app.refusals.row import row
from tests.app.world import VDG
from wire.asset import DeclareAvailability
from wire.results import Code
from wire.settlement import DeclareFlow


@row(Code.SLOT_INVALID, "slot = 145", "multiple of that")
def an_order_in_the_middle_of_a_block(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 6, 1, 145, "day_ahead"))


@row(Code.SLOT_OUT_OF_RANGE, "slot = 144", "at most 144 ahead")
def an_order_beyond_the_horizon(chain: Chain) -> bytes:
    return chain.tx("ann", chain.order("ann", "bid", 1, 1, 144))


@row(Code.SLOT_OUT_OF_RANGE, "it is slot -1", "give slots from 0")
def availability_beyond_a_week(chain: Chain) -> bytes:
    return chain.tx("ann", DeclareAvailability(VDG, 1007, (1, 1)))


@row(Code.SLOT_OUT_OF_RANGE, "give slots from 4")
def declaring_a_flow_for_the_slot_that_runs(chain: Chain) -> bytes:
    chain.go_to_slot(3)
    return chain.tx("ann", DeclareFlow(VDG, 3, 10))


@row(Code.GATE_CLOSED, "gate of intraday closed", "later slot")
def an_order_after_the_gate(chain: Chain) -> bytes:
    chain.go_to_slot(4)
    return chain.tx("ann", chain.order("ann", "bid", 1, 1, 10))


@row(Code.GATE_CLOSED, "gate of intraday closed")
def a_cancellation_after_the_gate(chain: Chain) -> bytes:
    chain.do("ann", chain.order("ann", "bid", 1, 1, 10))
    chain.go_to_slot(4)
    return chain.tx("ann", chain.cancel(10))


@row(Code.SLOT_NOT_OVER, "slot = 3", "after it has ended")
def a_proof_of_a_slot_that_runs(chain: Chain) -> bytes:
    chain.go_to_slot(3, 599 - 1)
    return chain.tx("dso", chain.proofs(3, {"ann": 1}))


@row(Code.SLOT_CLOSED, "slot = 3", "taken no more")
def a_proof_after_the_deadline(chain: Chain) -> bytes:
    chain.go_to_slot(10)
    return chain.tx("dso", chain.proofs(3, {"ann": 1}))


@row(Code.SUPERSEDED, "nonce = 1", "nonce 9 is newer")
def an_order_older_than_the_one_in_the_book(chain: Chain) -> bytes:
    chain.do("ann", chain.order("ann", "bid", 1, 1, 10), nonce=9)
    return chain.tx("ann", chain.order("ann", "bid", 2, 1, 10), nonce=1)


@row(Code.SUPERSEDED, "nonce = 1", "nonce 9 is newer")
def an_order_older_than_its_cancellation(chain: Chain) -> bytes:
    chain.do("ann", chain.order("ann", "bid", 1, 1, 10), nonce=8)
    chain.do("ann", chain.cancel(10), nonce=9)
    return chain.tx("ann", chain.order("ann", "bid", 2, 1, 10), nonce=1)


@row(Code.SUPERSEDED, "nonce 9 is newer")
def a_flow_declaration_older_than_the_one_there(chain: Chain) -> bytes:
    chain.do("ann", DeclareFlow(VDG, 5, 10), nonce=9)
    return chain.tx("ann", DeclareFlow(VDG, 5, 11), nonce=1)


@row(Code.SUPERSEDED, "nonce 9 is newer")
def an_availability_older_than_the_one_there(chain: Chain) -> bytes:
    chain.do("ann", DeclareAvailability(VDG, 5, (10,)), nonce=9)
    return chain.tx("ann", DeclareAvailability(VDG, 5, (11,)), nonce=1)
