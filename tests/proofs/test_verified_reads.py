"""Reads through a gateway that lies: what is told is proved and recent, or refused by name."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from clients.common.channel import open_channel
from clients.common.errors import Unavailable
from clients.common.light_blocks import GatewayBlocks
from clients.common.verified import VerifiedReads
from tests.app.keyring import address
from tests.app.world import VDG
from tests.proofs.lying_gateway import LyingGateway, lying_gateway
from tests.proofs.proven_chain import CERTIFICATE, ProvenChain, settled_chain
from wire import accounts, asset, control, flowproof, grid, ledger, market, settlement
from wire.codec import decode, encode
from wire.gen.tendermint.types import validator_pb2
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.ledger import Transfer, account_holder
from wire.light.client import LightClient
from wire.unverified import Reason, Unverified
from wire.verifiable import VERIFIABLE

ANN, CID = address("ann"), address("cid")
BALANCE = ledger.GetBalanceRequest(account_holder(ANN))


@pytest.fixture
async def gateway() -> AsyncIterator[LyingGateway]:
    async with lying_gateway(settled_chain()) as one:
        yield one


@pytest.fixture
async def reads(gateway: LyingGateway) -> AsyncIterator[VerifiedReads]:
    chain = gateway.chain
    async with open_channel(gateway.address) as channel:
        light = LightClient(GatewayBlocks(channel, patience_seconds=1), chain.anchor, chain.now_ns)
        yield VerifiedReads(channel, light, max_age_seconds=10)


REQUESTS = (
    accounts.GetAccountRequest(ANN),
    accounts.GetAccountRequest(bytes(20)),
    BALANCE,
    ledger.GetBalanceRequest(account_holder(bytes(20))),
    ledger.ListDebtsRequest(account_holder(ANN)),
    ledger.ListDebtsRequest(account_holder(address("dee"))),
    ledger.GetBalanceRequest(account_holder(address("dee"))),
    asset.GetAvailabilityRequest(VDG, 20, CID),
    asset.GetAvailabilityRequest(VDG, 20, ANN),
    market.GetBookRequest(VDG, "intraday", 20),
    market.GetOrderRequest(VDG, "intraday", 30, address("bob")),
    market.GetOrderRequest(VDG, "intraday", 30, ANN),
    market.GetPositionRequest(VDG, 20, ANN),
    market.GetPositionRequest(VDG, 20, address("bob")),
    market.ListContractsRequest(VDG, 20, ANN),
    market.ListContractsRequest(VDG, 20, CID),
    market.ListContractsRequest(VDG, 21, CID),
    flowproof.GetProofRequest(VDG, 10, ANN),
    flowproof.GetProofRequest(VDG, 13, ANN),
    flowproof.ListProofsRequest(VDG, 10),
    flowproof.ListProofsRequest(VDG, 13),
    settlement.GetSlotRequest(VDG, 10),
    settlement.GetHouseholdRequest(VDG, 10, ANN),
    settlement.GetHouseholdRequest(VDG, 13, ANN),
    settlement.GetDeclarationRequest(VDG, 20, ANN),
    settlement.GetCertificateRequest(CERTIFICATE),
    settlement.GetCertificateRequest("none"),
    grid.ListMembersRequest(VDG),
    grid.ListMembersRequest("none"),
    grid.ListTermsRequest(VDG, 30, 3),
    control.GetSwitchRequest(VDG, ANN),
    control.GetSwitchRequest(VDG, address("dee")),
    control.GetPhaseOrderRequest(VDG, 20, ANN),
    control.GetPhaseOrderRequest(VDG, 21, ANN),
    control.ListSwitchesRequest(VDG),
    control.ListSwitchesRequest("none"),
    control.ListPhaseOrdersRequest(VDG, 20),
    control.ListPhaseOrdersRequest(VDG, 21),
    control.GetSessionRequest(VDG, 13, 1),
    control.GetSessionRequest(VDG, 13, 2),
    control.ListSessionsRequest(VDG, 13),
    control.ListSessionsRequest(VDG, 14),
    control.ListSignalsRequest(VDG, 13, 1),
    control.ListSignalsRequest(VDG, 14, 1),
)


def told(chain: ProvenChain, request: Any) -> Any:
    """What the application answers to the plain query."""
    name = type(request).__name__.removesuffix("Request")
    module = type(request).__module__.removeprefix("wire.")
    result = chain.app.query(f"/{module}/{name}", encode(request))
    return decode(getattr(sys.modules[type(request).__module__], f"{name}Response"), result.value)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
async def test_the_verified_answer_is_the_plain_one(gateway: LyingGateway, reads: VerifiedReads, request_: Any) -> None:
    # Nothing happens in the last block, so that the state before it, which is proved, is the same.
    answer = await reads.ask(request_)
    plain = told(gateway.chain, request_)
    if isinstance(request_, market.ListContractsRequest):
        plain = plain._replace(next_page_token=b"")
    assert answer == plain


def test_every_verifiable_query_is_tried_here() -> None:
    assert {type(request) for request in REQUESTS} == set(VERIFIABLE)


async def reason_of(reads: VerifiedReads, request: Any) -> Reason:
    with pytest.raises(Unverified) as refused:
        await reads.ask(request, patience_seconds=20)
    return refused.value.reason


def forged_value(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
    answer.value = encode(ledger.Balance(10**15, 0))
    return answer


def without_proof(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
    answer.ClearField("proof")
    return answer


def cut_proof(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
    answer.proof.ops[0].data = answer.proof.ops[0].data[:-3]
    return answer


def oversized_proof(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
    answer.proof.ops[0].data = bytes(100_000)
    return answer


def impossible_height(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
    answer.height = (1 << 64) - 1
    return answer


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (forged_value, Reason.FORGED_VALUE),
        (without_proof, Reason.MISSING_PROOF),
        (cut_proof, Reason.MALFORMED),
        (oversized_proof, Reason.OVERSIZED),
        (impossible_height, Reason.WRONG_HEIGHT),
    ],
)
async def test_a_lie_about_a_value_is_refused(
    gateway: LyingGateway, reads: VerifiedReads, lie: Callable[..., Any], reason: Reason
) -> None:
    gateway.item = lie
    assert await reason_of(reads, BALANCE) is reason
    gateway.item = lambda _, answer: answer
    assert (await reads.ask(BALANCE)).balance is not None


async def test_a_forged_header_is_refused(gateway: LyingGateway, reads: VerifiedReads) -> None:
    def forge(answer: pb.LightBlockResponse) -> pb.LightBlockResponse:
        answer.light_block.signed_header.header.app_hash = bytes(32)
        return answer

    gateway.block = forge
    assert await reason_of(reads, BALANCE) is Reason.FORGED_HEADER


async def test_a_header_without_its_signatures_is_refused(gateway: LyingGateway, reads: VerifiedReads) -> None:
    def unsign(answer: pb.LightBlockResponse) -> pb.LightBlockResponse:
        for signature in answer.light_block.signed_header.commit.signatures[1:]:
            signature.Clear()
            signature.block_id_flag = validator_pb2.BLOCK_ID_FLAG_ABSENT
            signature.timestamp.seconds = -62_135_596_800
        return answer

    gateway.block = unsign
    assert await reason_of(reads, BALANCE) in (Reason.NOT_ENOUGH_TRUST, Reason.NOT_ENOUGH_POWER)


async def test_an_old_state_is_not_taken_for_the_present(gateway: LyingGateway, reads: VerifiedReads) -> None:
    """The gateway replays an answer from before a transaction, proof and header and all."""
    chain = gateway.chain
    before = await reads.ask(BALANCE)
    stuck = chain.height - 1
    chain.do("ann", Transfer(CID, 5))
    chain.block()
    after = await reads.ask(BALANCE)
    assert after.balance.free_neur == before.balance.free_neur - 5

    def replay(request: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
        old = chain.app.query(f"/store/{request.store}/key", request.key, stuck, True)
        answer.value, answer.height = old.value, old.height
        for op, its in zip(answer.proof.ops, old.proof, strict=True):
            op.data = its.data
        return answer

    gateway.item = replay
    assert await reason_of(reads, BALANCE) is Reason.STALE


async def test_a_chain_that_stands_still_is_not_the_present(gateway: LyingGateway, reads: VerifiedReads) -> None:
    await reads.ask(BALANCE)
    gateway.chain.ahead_s = 20
    assert await reason_of(reads, BALANCE) is Reason.STALE


async def test_a_list_that_keeps_an_entry_back_is_refused(gateway: LyingGateway, reads: VerifiedReads) -> None:
    def hide(path: str, answer: bytes) -> bytes:
        if path == "/market/ListContracts":
            return encode(market.ListContractsResponse())
        if path == "/settlement/GetCertificate":
            told = decode(settlement.GetCertificateResponse, answer)
            return encode(told._replace(holdings=told.holdings[1:]))
        if path == "/grid/ListMembers":
            members = decode(grid.ListMembersResponse, answer)
            return encode(members._replace(members=members.members[:-1]))
        return answer

    gateway.query = hide
    for request in (
        market.ListContractsRequest(VDG, 20, ANN),
        settlement.GetCertificateRequest(CERTIFICATE),
        grid.ListMembersRequest(VDG),
    ):
        assert await reason_of(reads, request) is Reason.CONTRADICTION


async def test_a_list_with_an_entry_too_many_is_refused(gateway: LyingGateway, reads: VerifiedReads) -> None:
    def add(path: str, answer: bytes) -> bytes:
        found = decode(market.ListContractsResponse, answer)
        one = found.contracts[0]
        if path == "/market/ListContracts":
            return encode(found._replace(contracts=(one, one)))
        return answer

    gateway.query = add
    assert await reason_of(reads, market.ListContractsRequest(VDG, 20, ANN)) is Reason.CONTRADICTION

    def invent(_: str, answer: bytes) -> bytes:
        (one,) = decode(market.ListContractsResponse, answer).contracts
        made_up = (one, one._replace(contract_id=f"{VDG}/20/intraday/99"))
        return encode(market.ListContractsResponse(made_up))

    gateway.query = invent
    assert await reason_of(reads, market.ListContractsRequest(VDG, 20, ANN)) is Reason.CONTRADICTION

    def nonsense(_: str, answer: bytes) -> bytes:
        (one,) = decode(market.ListContractsResponse, answer).contracts
        return encode(market.ListContractsResponse((one._replace(contract_id="x/y"),)))

    gateway.query = nonsense
    assert await reason_of(reads, market.ListContractsRequest(VDG, 20, ANN)) is Reason.CONTRADICTION


async def test_entries_of_a_list_are_taken_from_proofs_and_not_from_the_answer(
    gateway: LyingGateway, reads: VerifiedReads
) -> None:
    honest = await reads.ask(market.ListContractsRequest(VDG, 20, ANN))

    def embellish(_: str, answer: bytes) -> bytes:
        (one,) = decode(market.ListContractsResponse, answer).contracts
        return encode(market.ListContractsResponse((one._replace(energy_wh=9, buy_price_neur_per_wh=1),)))

    gateway.query = embellish
    assert await reads.ask(market.ListContractsRequest(VDG, 20, ANN)) == honest


async def test_all_items_of_an_answer_are_of_one_height(gateway: LyingGateway, reads: VerifiedReads) -> None:
    """Blocks come while a list is read: the sums still agree."""
    chain = gateway.chain
    gateway.before_item = chain.block
    assert (await reads.ask(settlement.GetCertificateRequest(CERTIFICATE))).certificate.energy_wh == 390


@pytest.mark.parametrize(
    "request_",
    [
        ledger.GetSupplyRequest(),
        market.ListProductsRequest(),
        market.ListContractsRequest(VDG, 20),
        market.GetBookRequest(VDG, "intraday", 30),
    ],
    ids=lambda r: type(r).__name__,
)
async def test_what_can_not_be_verified_says_so(reads: VerifiedReads, request_: Any) -> None:
    assert await reason_of(reads, request_) is Reason.UNPROVABLE


async def test_a_request_that_no_key_can_be_made_of_is_refused(reads: VerifiedReads) -> None:
    assert await reason_of(reads, market.GetPositionRequest(VDG, -1, ANN)) is Reason.MALFORMED


async def test_a_gateway_without_the_header_is_unavailable_and_no_liar(
    gateway: LyingGateway, reads: VerifiedReads
) -> None:
    def ahead(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
        answer.height += 1
        return answer

    gateway.item = ahead
    with pytest.raises(Unavailable):
        await reads.ask(market.GetPositionRequest(VDG, 20, ANN))
