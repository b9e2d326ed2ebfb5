"""Lists without a bound of their own come in pages, so that no query holds a node up."""

from __future__ import annotations

from typing import Any

import pytest

from abci_app.state.collection import MAX_PAGE
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import VDG
from wire import asset, flowproof, grid, ledger

ANN = address("ann")
SUPPLIER = ledger.account_holder(address("supplier"))
ASSETS = MAX_PAGE + 2


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Three grids; ann has very many devices; the supplier owes three homes, and each has two proofs of slot 0."""
    document = world.genesis()
    others = [world.grid(vdg=name, members=[], proof_key=public_key_of(name).hex()) for name in ("rose", "tulip")]
    document["grid"]["grids"] += others
    balances = document["ledger"]["balances"]
    document["ledger"]["balances"] = [entry for entry in balances if entry.get("account") != address("supplier").hex()]
    device = {"vdg": VDG, "owner": ANN.hex(), "kind": "pv", "power_w": 1}
    document["asset"]["assets"] += [device | {"asset_id": f"small-{n:04}"} for n in range(ASSETS - 1)]
    chain = Chain(document)
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": -5, "bob": -6, "cid": -7, "dee": 0}))
    conflicting = tuple(chain.proof(home, 0, 9) for home in ("ann", "bob", "cid"))
    chain.send("cid", flowproof.SubmitProofs(VDG, 0, conflicting))
    chain.block()
    return chain


def pages(chain: Chain, request: Any, answer: Any) -> list[tuple[Any, ...]]:
    """All pages from a request on, as a client reads them."""
    found = []
    while True:
        page = chain.query(request, answer)
        found.append(page[0])
        if not page.next_page_token:
            return found
        request = request._replace(page_token=page.next_page_token)


LISTS: list[tuple[Any, Any, int]] = [
    (ledger.ListDebtsRequest(SUPPLIER), ledger.ListDebtsResponse, 3),
    (grid.ListGridsRequest(), grid.ListGridsResponse, 3),
    (flowproof.ListEquivocationsRequest(VDG), flowproof.ListEquivocationsResponse, 3),
    (asset.ListAssetsRequest(ANN), asset.ListAssetsResponse, ASSETS),
]


@pytest.mark.parametrize(("request_", "answer", "entries"), LISTS, ids=lambda part: type(part).__name__)
def test_pages_of_any_size_are_the_whole_list_in_its_order(
    chain: Chain, request_: Any, answer: Any, entries: int
) -> None:
    step = max(1, entries // 3)
    (*full, last) = pages(chain, request_._replace(limit=step), answer)
    assert {len(page) for page in full} == {step}
    assert 1 <= len(last) <= step
    whole = [entry for page in (*full, last) for entry in page]
    assert len(set(whole)) == len(whole) == entries
    assert [entry for page in pages(chain, request_, answer) for entry in page] == whole


@pytest.mark.parametrize("limit", [0, MAX_PAGE, MAX_PAGE + 1, 2**64 - 1])
def test_no_page_is_longer_than_the_most(chain: Chain, limit: int) -> None:
    request = asset.ListAssetsRequest(ANN, limit=limit)
    assert [len(page) for page in pages(chain, request, asset.ListAssetsResponse)] == [MAX_PAGE, 2]


@pytest.mark.parametrize(("request_", "answer", "entries"), LISTS[:1] + LISTS[2:], ids=lambda part: type(part).__name__)
def test_a_token_from_elsewhere_shows_nothing_of_others(chain: Chain, request_: Any, answer: Any, entries: int) -> None:
    others = type(request_)("nobody" if isinstance(request_[0], str) else b"nobody")
    for token in (b"\x00", b"\xff" * 40, chain.query(request_._replace(limit=1), answer).next_page_token):
        assert chain.query(others._replace(page_token=token), answer) == answer()
