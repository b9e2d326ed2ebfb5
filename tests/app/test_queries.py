"""Every query answers from the state of the fixed day."""

from __future__ import annotations

from typing import Any

import pytest

from abci_app.registry import MODULES, Registry
from tests.app import scenario
from tests.app.keyring import address
from tests.app.world import VDG
from tests.governance import asked as governance
from tests.ordering import asked as ordering
from wire import accounts, asset, flowproof, grid, ledger, market, settlement
from wire.codec import decode, encode

ANN, CERTIFICATE = address("ann"), f"{VDG}/10/intraday/0"
ASKED: list[tuple[Any, Any, str]] = [
    (accounts.GetAccountRequest(ANN), accounts.GetAccountResponse, "label='ann'"),
    (accounts.GetAccountRequest(bytes(20)), accounts.GetAccountResponse, "found=False"),
    (accounts.ListAccountsRequest(b"", 2), accounts.ListAccountsResponse, "next_page_token"),
    (ledger.GetBalanceRequest(ledger.account_holder(ANN)), ledger.GetBalanceResponse, "in_debt=False"),
    (ledger.GetBalanceRequest(ledger.account_holder(address("dee"))), ledger.GetBalanceResponse, "in_debt=True"),
    (ledger.ListDebtsRequest(ledger.account_holder(address("dee"))), ledger.ListDebtsResponse, "'consumption'"),
    (ledger.GetSupplyRequest(), ledger.GetSupplyResponse, "minted_neur=2412000000000, held_neur=2412000000000"),
    (grid.GetGridRequest(VDG), grid.GetGridResponse, "slot=170"),
    (grid.GetGridRequest("none"), grid.GetGridResponse, "found=False"),
    (grid.ListGridsRequest(), grid.ListGridsResponse, "vdg='tulip'"),
    (grid.ListMembersRequest(VDG), grid.ListMembersResponse, "meter='meter-ann'"),
    (grid.ListTermsRequest(VDG, 170, 3), grid.ListTermsResponse, "capped=False"),
    (grid.ListProofKeysRequest("tulip"), grid.ListProofKeysResponse, "until_s=0"),
    (asset.ListAssetsRequest(ANN), asset.ListAssetsResponse, "asset_id='store-ann'"),
    (asset.GetAvailabilityRequest(VDG, 180, ANN), asset.GetAvailabilityResponse, "capacity_wh=1500"),
    (market.ListProductsRequest(), market.ListProductsResponse, "name='day_ahead'"),
    (market.GetBookRequest(VDG, "intraday", 400), market.GetBookResponse, "cleared=False"),
    (market.GetBookRequest("none", "intraday", 400), market.GetBookResponse, "gate_s=0"),
    (market.GetOrderRequest(VDG, "intraday", 200, ANN), market.GetOrderResponse, "energy_wh=9"),
    (market.GetOrderRequest(VDG, "intraday", 201, ANN), market.GetOrderResponse, "found=False"),
    (market.ListContractsRequest(VDG, 200, ANN), market.ListContractsResponse, "contracts=()"),
    (market.GetPositionRequest(VDG, 200, ANN), market.GetPositionResponse, "bought_wh=0"),
    (flowproof.GetProofRequest(VDG, 169, ANN), flowproof.GetProofResponse, "flow_wh=3"),
    (flowproof.ListProofsRequest(VDG, 169), flowproof.ListProofsResponse, "flow_wh=3"),
    (flowproof.ListEquivocationsRequest(VDG), flowproof.ListEquivocationsResponse, "flow_wh=421"),
    (settlement.GetSlotRequest(VDG, 10), settlement.GetSlotResponse, "found=False"),
    (settlement.GetHouseholdRequest(VDG, 10, ANN), settlement.GetHouseholdResponse, "found=False"),
    (settlement.GetDeclarationRequest(VDG, 180, ANN), settlement.GetDeclarationResponse, "supplier_flow_wh=-4"),
    (settlement.GetCertificateRequest(CERTIFICATE), settlement.GetCertificateResponse, "retired_wh=15"),
    (settlement.GetCertificateRequest("none"), settlement.GetCertificateResponse, "found=False"),
    (settlement.ListHoldingsRequest(ANN), settlement.ListHoldingsResponse, CERTIFICATE),
]


@pytest.fixture(scope="module")
def day() -> scenario.Day:
    """The fixed day, and something that is open at its end."""
    day = scenario.run()
    day.do("ann", day.order("ann", "bid", 9, 1_000, 200))
    day.do("ann", settlement.DeclareFlow(VDG, 180, -4))
    day.do("dso", day.proofs(169, {"ann": 3}))
    return day


@pytest.mark.parametrize(("request_", "answer", "words"), ASKED, ids=lambda part: type(part).__name__)
def test_a_query_answers(day: scenario.Day, request_: Any, answer: Any, words: str) -> None:
    assert words in repr(day.query(request_, answer))


def test_every_query_is_asked() -> None:
    registry = Registry(tuple(module.name for module in MODULES))
    asked = {type(request) for request, _, _ in (*ASKED, *governance.ASKED, *ordering.ASKED)}
    assert {request for request, _ in registry.queries.values()} == asked


def test_stored_bytes_are_shown_by_their_key(day: scenario.Day) -> None:
    result = day.app.query("/store/accounts/key", b"a" + ANN)
    assert decode(accounts.Account, result.value).label == "ann"
    assert encode(decode(accounts.Account, result.value)) == day.store.get(b"accounts/a" + ANN)
    assert day.app.query("/store/accounts/key", b"nothing").value == b""
