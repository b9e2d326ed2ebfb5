"""How operators decide, and who they are."""

from __future__ import annotations

import pytest

from abci_app.app import App
from abci_app.genesis import GenesisError
from abci_app.state.store import MemoryStore
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.governance.governed import DECIDING, GovernedChain, genesis
from wire.accounts import AdmitAccount, GetAccountRequest, GetAccountResponse, Role, SetFrozen, SetRoles
from wire.chain import GetParametersResponse, Quota, UpgradePlan
from wire.codec import decode
from wire.control import GetGridControlRequest, GetGridControlResponse, SetSwitchingLimits
from wire.governance import (
    Approve,
    Change,
    GetGovernanceRequest,
    GetGovernanceResponse,
    GovernanceParameters,
    ProposalStatus,
    Propose,
    SetChainLimits,
    SetProductLimits,
    SetRewardTerms,
    Withdraw,
)
from wire.grid import GetGridRequest, GetGridResponse
from wire.ledger import Transfer
from wire.market import ListProductsRequest, ListProductsResponse
from wire.results import Code
from wire.settlement import SettlementParameters

LIMITS = Change(set_chain_limits=SetChainLimits(1_800, (Quota(Role.ROLE_HOUSEHOLD, 1),)))


def parameters(chain: Chain) -> GetParametersResponse:
    return decode(GetParametersResponse, chain.app.query("/chain/GetParameters", b"").value)


def test_two_of_four_change_nothing_and_the_third_does() -> None:
    chain = GovernedChain()
    chain.do("oscar", Propose(LIMITS, "shorter"))
    chain.do("olga", Approve(1))
    assert chain.proposal(1).approvals == (address("oscar"), address("olga"))
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_OPEN
    before = parameters(chain).parameters
    assert before is not None
    assert before.max_expiry_s == 3_600
    chain.do("otto", Approve(1))
    after = parameters(chain).parameters
    assert after is not None
    assert (after.max_expiry_s, after.quotas) == (1_800, (Quota(Role.ROLE_HOUSEHOLD, 1),))
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_EXECUTED
    txs = [chain.tx("ann", Transfer(address("bob"), 1)) for _ in range(2)]
    assert [result.code for result in chain.block(*txs)] == [Code.OK, Code.QUOTA_EXCEEDED]


def test_an_operator_who_is_none_any_more_does_not_count() -> None:
    chain = GovernedChain()
    chain.do("owen", Propose(LIMITS, ""))
    chain.do("olga", Approve(1))
    chain.decide(Change(set_roles=SetRoles(address("owen"), (Role.ROLE_ORACLE,))))
    chain.do("otto", Approve(1))
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_OPEN
    assert chain.send("owen", Approve(1)).code is Code.WRONG_ROLE
    chain.do("oscar", Approve(1))
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_EXECUTED


def test_who_approved_can_try_again_once_a_lower_threshold_makes_it_enough() -> None:
    chain = GovernedChain()
    chain.decide(Change(set_governance=GovernanceParameters(4, 3_600)))
    chain.do("oscar", Propose(LIMITS, ""))
    chain.do("olga", Approve(2))
    chain.do("otto", Approve(2))
    chain.decide(Change(set_governance=GovernanceParameters(3, 3_600)), ("oscar", "olga", "otto", "owen"))
    assert chain.proposal(2).status is ProposalStatus.PROPOSAL_STATUS_OPEN
    chain.do("otto", Approve(2))
    assert chain.proposal(2).status is ProposalStatus.PROPOSAL_STATUS_EXECUTED


def test_a_decision_that_cannot_be_carried_out_now_is_refused_and_stays_open() -> None:
    chain = GovernedChain()
    plan = Change(plan_upgrade=UpgradePlan(2, chain.app.last_block.height + 7))
    chain.do("oscar", Propose(plan, ""))
    chain.do("olga", Approve(1))
    for _ in range(3):
        chain.block()
    result = chain.send("otto", Approve(1))
    assert result.code is Code.OUT_OF_BOUNDS
    assert chain.proposal(1).approvals == (address("oscar"), address("olga"))
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_OPEN


def test_a_proposal_expires_at_its_time_and_can_be_made_again() -> None:
    chain = GovernedChain()
    chain.do("oscar", Propose(LIMITS, ""))
    expires_s = chain.proposal(1).expires_s
    assert expires_s == chain.time_s + 3_600
    chain.finalize(time_s=expires_s - 1)
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_OPEN
    chain.finalize(time_s=expires_s)
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_EXPIRED
    chain.do("olga", Propose(LIMITS, ""))
    assert chain.proposal(2).status is ProposalStatus.PROPOSAL_STATUS_OPEN


def test_what_is_closed_in_time_leaves_no_due_work() -> None:
    chain = GovernedChain()
    due = {key for key in chain.stored() if key.startswith(b"chain/d")}
    chain.decide(LIMITS)
    chain.do("oscar", Propose(LIMITS, "again"))
    chain.do("oscar", Withdraw(2))
    assert {key for key in chain.stored() if key.startswith(b"chain/d")} == due
    chain.finalize(time_s=chain.time_s + 3_600)
    assert chain.proposal(1).status is ProposalStatus.PROPOSAL_STATUS_EXECUTED


def test_a_new_operator_decides_from_the_next_block_on_and_the_threshold_follows_by_decision() -> None:
    chain = GovernedChain()
    chain.decide(Change(admit_account=AdmitAccount(public_key_of("oona"), (Role.ROLE_OPERATOR,), "oona")))
    found = chain.query(GetGovernanceRequest(), GetGovernanceResponse)
    assert len(found.operators) == 5
    assert list(found.operators) == sorted(found.operators)
    assert address("oona") in found.operators
    assert chain.decide(LIMITS, ("oona", "oscar", "olga")).code is Code.OK
    sixth = Change(admit_account=AdmitAccount(public_key_of("olaf"), (Role.ROLE_OPERATOR,)))
    assert chain.send("oona", Propose(sixth)).code is Code.OUT_OF_BOUNDS
    chain.decide(Change(set_governance=GovernanceParameters(4, 3_600)))
    assert chain.decide(sixth, (*DECIDING, "oona")).code is Code.OK


def test_the_registrar_keeps_what_is_not_reserved() -> None:
    chain = GovernedChain()
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD, Role.ROLE_SUPPLIER)))
    chain.do("registrar", SetRoles(address("eve"), (Role.ROLE_CONTROLLER,)))
    chain.do("registrar", SetFrozen(address("eve"), True))
    result = chain.send("registrar", SetRoles(address("issuer"), (Role.ROLE_HOUSEHOLD,)))
    assert result.code is Code.NOT_ALLOWED


def test_parameters_of_every_module_hold_once_they_are_decided() -> None:
    chain = GovernedChain()
    chain.decide(Change(set_product_limits=SetProductLimits("intraday", 5_000, 90_000)))
    products = {one.name: one for one in chain.query(ListProductsRequest(), ListProductsResponse).products}
    assert (products["intraday"].max_energy_wh, products["intraday"].max_price_neur_per_wh) == (5_000, 90_000)
    assert products["real_time"].max_energy_wh == 10**9
    assert chain.send("ann", chain.order("ann", "bid", 5_001, 90_000, 20)).code is Code.ENERGY_OUT_OF_RANGE
    assert chain.send("ann", chain.order("ann", "bid", 5_000, 90_001, 20)).code is Code.PRICE_OUT_OF_RANGE
    assert chain.send("ann", chain.order("ann", "bid", 5_000, 90_000, 20)).code is Code.OK
    chain.decide(Change(set_reward_terms=SetRewardTerms(world.VDG, 7, 8, 9)))
    grid = chain.query(GetGridRequest(world.VDG), GetGridResponse).grid
    assert grid is not None
    assert (grid.reward_rate_neur_per_wh, grid.deviation_neur_per_wh2, grid.priority) == (7, 8, 9)
    chain.decide(Change(set_settlement=SettlementParameters(7_200, 16)))
    assert chain.store.get(b"settlement/p") is not None


def test_switching_is_limited_as_the_operators_decide() -> None:
    chain = GovernedChain(genesis(control={}))
    chain.decide(Change(set_switching_limits=SetSwitchingLimits(world.VDG, 3, 2)))
    found = chain.query(GetGridControlRequest(world.VDG), GetGridControlResponse)
    assert found.control is not None
    assert (found.control.switchings_per_slot, found.control.switchings_per_day) == (3, 2)
    too_many = Change(set_switching_limits=SetSwitchingLimits(world.VDG, 1_001, 2))
    assert chain.send("oscar", Propose(too_many)).code is Code.OUT_OF_BOUNDS


def test_where_nothing_can_be_switched_no_limit_of_it_is_proposed() -> None:
    result = GovernedChain().send("oscar", Propose(Change(set_switching_limits=SetSwitchingLimits(world.VDG, 3, 2))))
    assert result.code is Code.NOT_ALLOWED
    assert "no module control" in result.message


def test_without_the_part_governance_everything_is_as_it_was() -> None:
    chain = Chain()
    assert chain.send("oscar", Propose(LIMITS)).code is Code.MODULE_DISABLED
    chain.do("registrar", SetRoles(address("ann"), (Role.ROLE_HOUSEHOLD, Role.ROLE_OPERATOR)))
    account = chain.query(GetAccountRequest(address("ann")), GetAccountResponse).account
    assert account is not None
    assert Role.ROLE_OPERATOR in account.roles


@pytest.mark.parametrize(
    ("part", "words"),
    [({"threshold": 2}, "threshold = 2 of 4 operators"), ({"threshold": 5}, "threshold = 5 of 4"), ({}, "")],
)
def test_a_genesis_names_a_threshold_that_can_decide(part: dict[str, int], words: str) -> None:
    if not words:
        assert GovernedChain(genesis(governance=part)).query(
            GetGovernanceRequest(), GetGovernanceResponse
        ).parameters == GovernanceParameters(3, 604_800)
        return
    with pytest.raises(GenesisError, match=words):
        GovernedChain(genesis(governance=part))


def test_a_genesis_with_governance_and_no_operator_is_refused() -> None:
    document = b'{"governance": {}}'
    with pytest.raises(GenesisError, match="operators = 0: give an integer from 1 to 64"):
        App(MemoryStore()).init_chain("x", 1, [(public_key_of("validator-1"), 1)], document)
