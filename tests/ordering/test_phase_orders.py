"""Orders to phase switches: which stays, what is confirmed, what is not, and what is forgotten."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.pythons import ROOT, equipped, installed
from tests.app.test_goldens import ON_CHANGE
from tests.app.test_tree import naive_app_hash
from tests.app.world import VDG
from tests.ordering import day
from tests.ordering.asked import ASKED
from tests.ordering.orders import DEVICE, A, B, C, confirmation, genesis, order, switch_of, switched
from wire.chain import GetParametersRequest, GetParametersResponse
from wire.control import (
    GetGridControlRequest,
    GetGridControlResponse,
    ListPhaseOrdersRequest,
    ListPhaseOrdersResponse,
    Phase,
    PhaseConfirmed,
    PhaseOrder,
    PhaseOrderStatus,
    PhaseUnconfirmed,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
)
from wire.results import Code
from wire.settlement import SlotSettled


@pytest.fixture(scope="module")
def played() -> day.OrderedDay:
    return day.run()


def test_the_app_hash_of_every_block_is_golden(played: day.OrderedDay) -> None:
    assert played.blocks == json.loads(day.HASHES.read_text()), ON_CHANGE
    assert played.blocks[-1]["app_hash"] == naive_app_hash(played.stored()).hex()


@pytest.mark.parametrize("python", installed(), ids=lambda python: f"{python.parent.parent.name}-{python.name}")
def test_every_supported_python_and_hash_seed_agrees(python: Path) -> None:
    environment = {"PYTHONHASHSEED": str(len(python.parts)), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(equipped(python)), "-m", "tests.ordering.day"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=environment, text=True, timeout=120)
    assert json.loads(done.stdout) == json.loads(day.HASHES.read_text())


def test_every_collection_has_its_golden_key_and_bytes(played: day.OrderedDay) -> None:
    assert day.examples(played) == json.loads(day.STORED.read_text()), ON_CHANGE


@pytest.mark.parametrize(("request_", "answer", "words"), ASKED, ids=lambda part: type(part).__name__)
def test_a_query_answers(played: day.OrderedDay, request_: Any, answer: Any, words: str) -> None:
    assert words in repr(played.query(request_, answer))


def orders_of(chain: Chain, slot: int) -> dict[bytes, PhaseOrder]:
    found = chain.query(ListPhaseOrdersRequest(VDG, slot), ListPhaseOrdersResponse).orders
    return {one.account: one for one in found}


def test_of_two_orders_the_higher_nonce_stays_whichever_comes_first() -> None:
    left = []
    for nonces in ((7, 8), (8, 7)):
        chain = switched()
        for nonce in nonces:
            chain.send("dso", order("ann", 1, B if nonce == 7 else C), nonce=nonce)
        left.append(orders_of(chain, 1)[address("ann")])
    assert left[0] == left[1]
    assert left[0].phase is C


def test_a_replaced_order_takes_no_more_of_the_limits() -> None:
    chain = switched()
    for phase in (A, B, C, A):
        chain.do("dso", order("ann", 1, phase))
    chain.do("dso", order("bob", 1))
    assert chain.send("dso", order("cid", 1)).code is Code.TOO_MANY_SWITCHINGS


def test_a_switch_is_on_the_phase_that_it_says_whatever_was_ordered() -> None:
    chain = switched()
    chain.do("dso", order("ann", 1, B))
    chain.go_to_slot(1)
    assert switch_of(chain, "ann").phase is A
    chain.do(DEVICE, confirmation("ann", 1, C))
    assert switch_of(chain, "ann")[-2:] == (C, 1)
    assert chain.events_of(PhaseConfirmed) == [PhaseConfirmed(VDG, 1, address("ann"), B, C, False)]
    chain.go_to_slot(2)
    assert chain.events_of(PhaseUnconfirmed) == []


def test_an_order_that_nobody_confirms_is_shown_at_the_slots_end_and_holds_nothing_up() -> None:
    chain = switched()
    for home in ("ann", "bob"):
        chain.do("dso", order(home, 1))
    chain.go_to_slot(1)
    chain.do(DEVICE, confirmation("ann", 1))
    chain.go_to_slot(1, 599)
    assert chain.events_of(PhaseUnconfirmed) == []
    chain.go_to_slot(2)
    assert chain.events_of(PhaseUnconfirmed) == [PhaseUnconfirmed(VDG, 1, address("bob"), B)]
    assert orders_of(chain, 1)[address("bob")].status is PhaseOrderStatus.PHASE_ORDER_STATUS_UNCONFIRMED
    chain.do("dso", order("bob", 3))
    chain.go_to_slot(9)
    assert [event.settlement.slot for event in chain.events_of(SlotSettled) if event.settlement] == [1]


def test_a_late_confirmation_is_taken_and_marked() -> None:
    chain = switched()
    chain.do("dso", order("bob", 1, C))
    chain.go_to_slot(2)
    chain.do("bob", confirmation("bob", 1, C))
    assert orders_of(chain, 1)[address("bob")].status is PhaseOrderStatus.PHASE_ORDER_STATUS_LATE
    assert switch_of(chain, "bob").phase is C


def test_what_is_said_late_of_an_older_order_undoes_no_newer_one() -> None:
    chain = switched()
    chain.do("dso", order("bob", 1, C))
    chain.do("dso", order("bob", 2, A))
    chain.go_to_slot(2)
    chain.do("bob", confirmation("bob", 2, A))
    chain.do("bob", confirmation("bob", 1, C))
    assert switch_of(chain, "bob")[-2:] == (A, 2)


def test_a_new_day_gives_a_switch_its_orders_anew() -> None:
    chain = switched()
    for slot in (141, 142, 143, 144):
        chain.do("dso", order("ann", slot))
    assert chain.send("dso", order("ann", 140)).code is Code.TOO_MANY_SWITCHINGS
    chain.go_to_slot(144)
    # The count of the day that is over is forgotten, that of the new day is not.
    days = [key for key in chain.stored() if key.startswith(b"control/d")]
    assert [key[-28:-20] for key in days] == [(1).to_bytes(8, "big")]


def test_a_long_settled_slots_orders_are_forgotten() -> None:
    chain = Chain(genesis(settlement={"keep_slots": 0}))
    chain.do("dso", order("ann", 1))
    for slot in (2, 9, 20):
        chain.go_to_slot(slot)
    assert orders_of(chain, 1) == {}
    assert not [key for key in chain.stored() if key.startswith((b"control/o", b"control/n"))]


def test_a_removed_switch_takes_its_order_along_to_the_slots_end_only() -> None:
    chain = switched()
    chain.do("dso", order("ann", 1))
    chain.do("dso", RemoveSwitch(VDG, address("ann")))
    assert chain.send("dso", order("ann", 2)).code is Code.UNKNOWN_ASSET
    chain.go_to_slot(1)
    assert chain.send(DEVICE, confirmation("ann", 1)).code is Code.UNKNOWN_ASSET
    chain.go_to_slot(2)
    assert [event.account for event in chain.events_of(PhaseUnconfirmed)] == [address("ann")]


def test_limits_may_be_none_and_hold_for_what_comes() -> None:
    chain = switched()
    chain.do("dso", order("ann", 1))
    chain.do("registrar", SetSwitchingLimits(VDG, 0, 0))
    assert chain.send("dso", order("bob", 1)).code is Code.TOO_MANY_SWITCHINGS
    # What is ordered already may still be replaced.
    chain.do("dso", order("ann", 1, C))
    found = chain.query(GetGridControlRequest(VDG), GetGridControlResponse).control
    assert found is not None
    assert found.switches == 3


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (RegisterSwitch(VDG, address("dee"), "sw", b"", "feeder-1"), "phase = 'PHASE_UNSPECIFIED'"),
        (RegisterSwitch(VDG, address("dee"), "s w", b"", "feeder-1", A), "serial"),
        (RegisterSwitch(VDG, address("dee"), "sw", b"\x01", "feeder-1", A), "controller"),
        (RegisterSwitch(VDG, address("dee"), "sw", b"", "", A), "feeder"),
        (RegisterSwitch("", address("dee"), "sw", b"", "f", A), "vdg"),
        (RegisterSwitch(VDG, b"", "sw", b"", "f", A), "account"),
        (RemoveSwitch(VDG, b""), "account"),
        (order("ann", 1, Phase.PHASE_UNSPECIFIED), "phase"),
        (order("ann", 1 << 41), "slot"),
    ],
)
def test_a_field_that_cannot_be_is_named(message: Any, field: str) -> None:
    result = switched().send("dso", message)
    assert result.code is Code.INVALID_FIELD
    assert field in result.message


def test_a_chain_that_asks_for_control_has_it_after_the_usual_modules() -> None:
    def modules(document: dict[str, Any]) -> tuple[str, ...]:
        found = Chain(document).query(GetParametersRequest(), GetParametersResponse).parameters
        return found.modules if found else ()

    usual = ("accounts", "ledger", "grid", "asset", "market", "flowproof", "settlement")
    document = genesis()
    assert modules(document) == (*usual, "control")
    assert modules(document | {"governance": {}}) == (*usual, "control", "governance")
    del document["control"]
    assert modules(document) == usual
