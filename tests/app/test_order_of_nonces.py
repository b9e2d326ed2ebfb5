"""Where two transactions set the same thing the higher nonce wins, whichever comes first."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import VDG
from wire.accounts import AdmitAccount, Role
from wire.asset import DeclareAvailability
from wire.market import GetOrderRequest, GetOrderResponse
from wire.settlement import DeclareFlow, GetDeclarationRequest, GetDeclarationResponse


def outcome(steps: list[tuple[int, str]]) -> tuple[object, object, bytes]:
    """Ann's order in the book and her escrow after steps of (nonce, what) in this order of blocks."""
    chain = Chain()
    chain.offer("ann", 10, 500)
    messages = {
        "bid": chain.order("ann", "bid", 100, 1_000, 10),
        "more": chain.order("ann", "bid", 200, 1_000, 10),
        "ask": chain.order("ann", "ask", 300, 1_000, 10),
        "cancel": chain.cancel(10),
    }
    for nonce, what in steps:
        chain.send("ann", messages[what], nonce=nonce)
    order = chain.query(GetOrderRequest(VDG, "intraday", 10, address("ann")), GetOrderResponse)
    held = next(
        iter(
            chain.stored()
            and [chain.store.get(b"asset/v" + VDG.encode() + b"/" + (10).to_bytes(8, "big") + address("ann"))]
        )
    )
    return order, chain.balance("ann"), held or b""


@pytest.mark.parametrize(
    "whats",
    [("bid", "more"), ("bid", "ask"), ("bid", "cancel"), ("ask", "cancel", "more"), ("cancel", "bid", "cancel")],
    ids="-".join,
)
def test_orders_and_cancellations_come_out_the_same_in_any_order(whats: tuple[str, ...]) -> None:
    steps = [(nonce + 10, what) for nonce, what in enumerate(whats)]
    outcomes = [outcome(list(order)) for order in permutations(steps)]
    assert all(found == outcomes[0] for found in outcomes)


def test_what_a_cancellation_left_behind_is_gone_after_the_gate() -> None:
    chain = Chain()
    chain.send("ann", chain.cancel(10))
    chain.go_to_slot(4)
    left = chain.stored()
    assert not [key for key in left if key.startswith((b"market/o", b"market/q"))]


def test_a_cancellation_by_a_household_of_no_vdg_leaves_nothing_behind() -> None:
    chain = Chain()
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,)))
    before = chain.stored(b"accounts/n")
    chain.send("eve", chain.cancel(10))
    assert chain.stored(b"accounts/n") == before


def test_declarations_come_out_the_same_in_any_order() -> None:
    found = []
    for order in permutations([(11, 5), (12, -6), (13, 7)]):
        chain = Chain()
        for nonce, energy in order:
            chain.send("ann", DeclareFlow(VDG, 10, energy), nonce=nonce)
            chain.send("ann", DeclareAvailability(VDG, 10, (abs(energy),)), nonce=nonce + 10)
        request = GetDeclarationRequest(VDG, 10, address("ann"))
        found.append(chain.query(request, GetDeclarationResponse).declaration)
        assert chain.stored() == chain.stored()
    assert found[0] is not None
    assert found[0].supplier_flow_wh == 7
    assert all(declaration == found[0] for declaration in found)
