"""The chain's stored bytes beside the auditor's books."""

from __future__ import annotations

from typing import Any, TypeVar

from abci_app.modules.asset.keys import AVAILABILITY
from abci_app.modules.ledger.keys import BALANCES, DEBTS
from abci_app.modules.market.keys import CONTRACTS, ORDERS
from abci_app.modules.settlement.keys import CERTIFICATES, DECLARATIONS, HOLDERS, HOLDINGS
from abci_app.state.collection import Collection
from abci_app.state.overlay import Committed
from tests.app import world
from tests.app.auditor.books import ISSUED, REWARDS, VALIDATORS, State
from tests.app.chain import Chain
from wire.ledger import EUR, ISSUANCE, VALIDATOR_POOL, account_holder, reward_pool
from wire.market import Side

T = TypeVar("T", bound=tuple[Any, ...])


def _holder(place: bytes) -> bytes:
    special = {ISSUED: ISSUANCE, REWARDS: reward_pool(world.VDG), VALIDATORS: VALIDATOR_POOL}
    return special.get(place) or account_holder(place)


def _all(chain: Chain, collection: Collection[T]) -> list[T]:
    return collection.values(Committed(chain.store))


def compare(chain: Chain, state: State) -> None:
    """Everything must agree, and the sums must hold on the chain's own bytes."""
    committed = Committed(chain.store)
    prefix = EUR.encode() + b"/"
    balances = {key.removeprefix(prefix): b for key, b in BALANCES.items(committed)}
    places = {*state.free, *state.escrow}
    expected = {_holder(p): (state.free.get(p, 0), state.escrow.get(p, 0)) for p in places}
    found = {holder: (b.free_neur, b.escrow_neur) for holder, b in balances.items()}
    assert {h: v for h, v in found.items() if v != (0, 0)} == {h: v for h, v in expected.items() if v != (0, 0)}
    debts = {(d.debtor, d.creditor, d.reason): d.amount_neur for d in _all(chain, DEBTS)}
    assert debts == {(_holder(d), _holder(c), r): n for (d, c, r), n in state.debts.items() if n}
    _compare_energy(chain, state)
    _check_sums(chain)


def _compare_energy(chain: Chain, state: State) -> None:
    committed = Committed(chain.store)
    available = {
        (int.from_bytes(key[-28:-20], "big"), key[-20:]): (a.declared_wh, a.held_wh)
        for key, a in AVAILABILITY.items(committed)
    }
    assert available == {at: (wh, state.held.get(at, 0)) for at, (wh, _) in state.declared.items()}
    orders = {
        (*key[:-29].decode().split("/")[1:], int.from_bytes(key[-28:-20], "big"), o.account): (
            o.energy_wh and o.side is Side.SIDE_BID,
            o.energy_wh,
            o.limit_price_neur_per_wh,
            o.nonce,
        )
        for key, o in ORDERS.items(committed)
    }
    assert orders == {
        (name, slot, account): (o.energy_wh and o.bid, o.energy_wh, o.price, o.nonce)
        for (name, slot), book in state.orders.items()
        for account, o in book.items()
    }
    contracts = {
        (c.contract_id, c.buyer, c.seller, c.energy_wh, c.buy_price_neur_per_wh, c.sell_price_neur_per_wh)
        for c in _all(chain, CONTRACTS)
    }
    assert contracts == {(d.name, d.buyer, d.seller, d.energy_wh, d.pays, d.gets) for d in state.deals}
    planned = {
        (int.from_bytes(key[-28:-20], "big"), key[-20:]): (d.supplier_flow_wh, d.nonce)
        for key, d in DECLARATIONS.items(committed)
    }
    assert planned == state.planned
    certificates = {c.certificate_id: (c.energy_wh, c.retired_wh) for c in _all(chain, CERTIFICATES)}
    assert certificates == {name: (wh, state.retired[name]) for name, wh in state.certificates.items()}
    holdings = {(h.certificate_id, h.holder): h.energy_wh for h in _all(chain, HOLDINGS)}
    assert holdings == {at: wh for at, wh in state.holdings.items() if wh}
    assert sorted(_all(chain, HOLDINGS)) == sorted(_all(chain, HOLDERS))


def _check_sums(chain: Chain) -> None:
    """Conservation, on the chain's bytes alone."""
    committed = Committed(chain.store)
    balances = dict(BALANCES.items(committed))
    assert sum(b.free_neur + b.escrow_neur for b in balances.values()) == 0
    issuance = EUR.encode() + b"/" + ISSUANCE
    assert all(b.free_neur >= 0 and b.escrow_neur >= 0 for key, b in balances.items() if key != issuance)
    escrow: dict[bytes, int] = {}
    for order in _all(chain, ORDERS):
        if order.side is Side.SIDE_BID:
            escrow[order.account] = escrow.get(order.account, 0) + order.energy_wh * order.limit_price_neur_per_wh
    for contract in _all(chain, CONTRACTS):
        paid = contract.energy_wh * contract.buy_price_neur_per_wh
        escrow[contract.buyer] = escrow.get(contract.buyer, 0) + paid
    held = {key.removeprefix(EUR.encode() + b"/a"): b.escrow_neur for key, b in balances.items() if b.escrow_neur}
    assert held == {account: neur for account, neur in escrow.items() if neur}
    assert all(a.held_wh <= a.declared_wh for a in _all(chain, AVAILABILITY))
    for certificate in _all(chain, CERTIFICATES):
        of_it = [h.energy_wh for h in _all(chain, HOLDINGS) if h.certificate_id == certificate.certificate_id]
        assert sum(of_it) + certificate.retired_wh == certificate.energy_wh
