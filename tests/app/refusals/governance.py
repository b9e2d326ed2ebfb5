"""What operators may not decide, or not now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.refusals.row import row
from tests.governance.decisions import joining, rotation
from tests.governance.governed import GovernedChain, genesis, signers_of
from wire.accounts import AdmitAccount, Role, SetFrozen, SetRoles
from wire.chain import UpgradePlan
from wire.control import SetSwitchingLimits
from wire.governance import (
    Approve,
    CancelUpgrade,
    Change,
    GovernanceParameters,
    Propose,
    RemoveValidator,
    SetChainLimits,
    SetPower,
    SetProductLimits,
    SetRewardTerms,
    Withdraw,
)
from wire.results import Code
from wire.settlement import SettlementParameters

VALIDATOR = [public_key_of(f"validator-{number}") for number in range(5)]
LIMITS = Change(set_chain_limits=SetChainLimits(1_800, ()))


def proposing(chain: Chain, change: Change, sender: str = "oscar") -> bytes:
    """A transaction that proposes a change."""
    return chain.tx(sender, Propose(change, "for the test"))


@row(Code.OK, chain=GovernedChain)
def a_proposal(chain: Chain) -> bytes:
    return proposing(chain, LIMITS)


@row(Code.INVALID_FIELD, "change", "exactly one of add_validator", chain=GovernedChain)
def a_proposal_without_a_change(chain: Chain) -> bytes:
    return proposing(chain, Change())


@row(Code.INVALID_FIELD, "change", "= 2", chain=GovernedChain)
def a_proposal_of_two_changes(chain: Chain) -> bytes:
    return proposing(chain, LIMITS._replace(cancel_upgrade=CancelUpgrade(2)))


@row(Code.INVALID_FIELD, "power = 0", chain=GovernedChain)
def a_power_of_nothing(chain: Chain) -> bytes:
    return proposing(chain, Change(set_power=SetPower(VALIDATOR[1], 0)))


@row(Code.BAD_SIGNATURE, "signature", chain=GovernedChain)
def a_proposal_signed_by_another_operator(chain: Chain) -> bytes:
    return chain.tx("oscar", Propose(LIMITS, ""), key="olga")


@row(Code.BAD_SIGNATURE, "proof", "vdg keys possession", chain=GovernedChain)
def a_validator_whose_key_the_operator_has_not(chain: Chain) -> bytes:
    return proposing(chain, Change(add_validator=joining("validator-5", 5, "oscar", key="validator-6")))


@row(Code.BAD_SIGNATURE, "proof", chain=GovernedChain)
def a_rotation_that_was_signed_for_another_operator(chain: Chain) -> bytes:
    return proposing(chain, Change(rotate_validator_key=rotation("validator-1", "validator-5", "olga")))


@row(Code.WRONG_ROLE, "Propose", "ROLE_OPERATOR", chain=GovernedChain)
def a_proposal_by_who_is_no_operator(chain: Chain) -> bytes:
    return proposing(chain, LIMITS, "registrar")


@row(Code.WRONG_ROLE, "Approve", "ROLE_OPERATOR", chain=GovernedChain)
def an_approval_by_who_is_no_operator(chain: Chain) -> bytes:
    chain.block(proposing(chain, LIMITS))
    return chain.tx("ann", Approve(1))


@row(Code.WRONG_ROLE, "operator", "ROLE_OPERATOR", chain=GovernedChain)
def a_validator_of_somebody_who_is_no_operator(chain: Chain) -> bytes:
    return proposing(chain, Change(add_validator=joining("validator-5", 5, "ann")))


@row(Code.UNKNOWN_ACCOUNT, "operator", chain=GovernedChain)
def a_validator_of_nobody(chain: Chain) -> bytes:
    return proposing(chain, Change(add_validator=joining("validator-5", 5, "zoe")))


@row(Code.UNKNOWN_ACCOUNT, "address", chain=GovernedChain)
def a_role_for_nobody(chain: Chain) -> bytes:
    return proposing(chain, Change(set_roles=SetRoles(address("zoe"), (Role.ROLE_OPERATOR,))))


@row(Code.UNKNOWN_VDG, "vdg", chain=GovernedChain)
def reward_terms_of_no_vdg(chain: Chain) -> bytes:
    return proposing(chain, Change(set_reward_terms=SetRewardTerms("tulip", 1, 1, 1)))


@row(Code.UNKNOWN_VDG, "vdg", chain=GovernedChain)
def switching_limits_of_no_vdg(chain: Chain) -> bytes:
    return proposing(chain, Change(set_switching_limits=SetSwitchingLimits("tulip", 1, 1)))


@row(Code.NOT_ALLOWED, "no module control", chain=GovernedChain)
def switching_limits_where_nothing_switches(chain: Chain) -> bytes:
    return proposing(chain, Change(set_switching_limits=SetSwitchingLimits("lilas", 1, 1)))


@row(Code.UNKNOWN_PRODUCT, "product", chain=GovernedChain)
def limits_of_no_product(chain: Chain) -> bytes:
    return proposing(chain, Change(set_product_limits=SetProductLimits("weekly", 1, 1)))


@row(Code.ALREADY_EXISTS, "public_key", chain=GovernedChain)
def an_admission_of_who_is_there(chain: Chain) -> bytes:
    return proposing(chain, Change(admit_account=AdmitAccount(public_key_of("ann"), (Role.ROLE_ORACLE,))))


@row(Code.ALREADY_EXISTS, "version 2 is planned for height 900", "cancel that first", chain=GovernedChain)
def a_second_upgrade(chain: Chain) -> bytes:
    chain.decide(Change(plan_upgrade=UpgradePlan(2, 900)), ("oscar", "olga", "otto"))
    return proposing(chain, Change(plan_upgrade=UpgradePlan(2, 901)))


@row(Code.NOT_OWNER, "proposal_id = 1", chain=GovernedChain)
def a_withdrawal_of_anothers_proposal(chain: Chain) -> bytes:
    chain.block(proposing(chain, LIMITS))
    return chain.tx("olga", Withdraw(1))


@row(Code.UNKNOWN_PROPOSAL, "proposal_id = 1", chain=GovernedChain)
def an_approval_of_no_proposal(chain: Chain) -> bytes:
    return chain.tx("oscar", Approve(1))


@row(Code.UNKNOWN_PROPOSAL, "proposal_id = 7", chain=GovernedChain)
def a_withdrawal_of_no_proposal(chain: Chain) -> bytes:
    return chain.tx("oscar", Withdraw(7))


@row(Code.UNKNOWN_PROPOSAL, "version = 2", "no upgrade", chain=GovernedChain)
def a_cancellation_of_no_upgrade(chain: Chain) -> bytes:
    return proposing(chain, Change(cancel_upgrade=CancelUpgrade(2)))


@row(Code.UNKNOWN_VALIDATOR, "public_key", "list the validators", chain=GovernedChain)
def a_removal_of_no_validator(chain: Chain) -> bytes:
    return proposing(chain, Change(remove_validator=RemoveValidator(public_key_of("validator-9"))))


@row(Code.KEY_USED, "public_key", "is or was", chain=GovernedChain)
def a_validator_with_the_key_of_another(chain: Chain) -> bytes:
    return proposing(chain, Change(add_validator=joining("validator-1", 5, "oscar")))


@row(Code.KEY_USED, "new_public_key", "none is used twice", chain=GovernedChain)
def a_rotation_back(chain: Chain) -> bytes:
    chain.decide(
        Change(rotate_validator_key=rotation("validator-1", "validator-5", "oscar")), ("oscar", "olga", "otto")
    )
    return proposing(chain, Change(rotate_validator_key=rotation("validator-5", "validator-1", "oscar")))


@row(Code.ALREADY_PROPOSED, "proposal 1", "approve that one", chain=GovernedChain)
def the_same_proposal_twice(chain: Chain) -> bytes:
    chain.block(proposing(chain, LIMITS))
    return chain.tx("olga", Propose(LIMITS, "my words"))


@row(Code.ALREADY_APPROVED, "proposal_id = 1", "other operators", chain=GovernedChain)
def an_approval_by_the_proposer(chain: Chain) -> bytes:
    chain.block(proposing(chain, LIMITS))
    return chain.tx("oscar", Approve(1))


@row(Code.PROPOSAL_EXPIRED, "proposal_id = 1", "propose the change again", chain=GovernedChain)
def an_approval_that_comes_too_late(chain: Chain) -> bytes:
    chain.block(proposing(chain, LIMITS))
    chain.finalize(time_s=chain.time_s + 3_600)
    return chain.tx("olga", Approve(1))


@row(Code.PROPOSAL_CLOSED, "was executed", chain=GovernedChain)
def an_approval_of_what_is_done(chain: Chain) -> bytes:
    chain.decide(LIMITS, ("oscar", "olga", "otto"))
    return chain.tx("owen", Approve(1))


@row(Code.PROPOSAL_CLOSED, "was withdrawn", chain=GovernedChain)
def an_approval_of_what_was_withdrawn(chain: Chain) -> bytes:
    chain.block(proposing(chain, LIMITS))
    chain.do("oscar", Withdraw(1))
    return chain.tx("olga", Approve(1))


@row(Code.NOT_ALLOWED, "8 open proposals", chain=GovernedChain)
def a_ninth_open_proposal(chain: Chain) -> bytes:
    for number in range(8):
        chain.block(proposing(chain, Change(set_chain_limits=SetChainLimits(1_800 + number))))
    return proposing(chain, LIMITS._replace(set_chain_limits=SetChainLimits(60)))


@row(Code.NOT_ALLOWED, "ROLE_OPERATOR", "proposals only", chain=GovernedChain)
def an_operator_by_the_registrars_grace(chain: Chain) -> bytes:
    return chain.tx("registrar", SetRoles(address("ann"), (Role.ROLE_HOUSEHOLD, Role.ROLE_OPERATOR)))


@row(Code.NOT_ALLOWED, "ROLE_ISSUER", "proposals only", chain=GovernedChain)
def an_issuer_by_the_registrars_grace(chain: Chain) -> bytes:
    return chain.tx("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_ISSUER,)))


@row(Code.NOT_ALLOWED, "an operator", chain=GovernedChain)
def an_operator_frozen_by_the_registrar(chain: Chain) -> bytes:
    return chain.tx("registrar", SetFrozen(address("olga"), True))


@row(Code.OUT_OF_BOUNDS, "max_expiry_s = 59", "60 to 604800", chain=GovernedChain)
def an_expiry_below_its_bound(chain: Chain) -> bytes:
    return proposing(chain, Change(set_chain_limits=SetChainLimits(59)))


@row(Code.OUT_OF_BOUNDS, "threshold = 2 of 4", "3 to 4", chain=GovernedChain)
def a_threshold_of_half(chain: Chain) -> bytes:
    return proposing(chain, Change(set_governance=GovernanceParameters(2, 3_600)))


@row(Code.OUT_OF_BOUNDS, "voting_s = 59", chain=GovernedChain)
def a_vote_that_is_too_short(chain: Chain) -> bytes:
    return proposing(chain, Change(set_governance=GovernanceParameters(3, 59)))


@row(Code.OUT_OF_BOUNDS, "threshold = 3 of 2 operators", chain=GovernedChain)
def too_few_operators_for_the_threshold(chain: Chain) -> bytes:
    oracle = (Role.ROLE_ORACLE,)
    chain.decide(Change(set_roles=SetRoles(address("owen"), oracle)), ("oscar", "olga", "otto"))
    return proposing(chain, Change(set_roles=SetRoles(address("otto"), oracle)))


@row(Code.OUT_OF_BOUNDS, "payout_s = 0", chain=GovernedChain)
def a_payout_at_every_moment(chain: Chain) -> bytes:
    return proposing(chain, Change(set_settlement=SettlementParameters(0, 8)))


@row(Code.OUT_OF_BOUNDS, "max_price_neur_per_wh", chain=GovernedChain)
def a_limit_price_above_its_bound(chain: Chain) -> bytes:
    return proposing(chain, Change(set_product_limits=SetProductLimits("intraday", 1, 10**9 + 1)))


@row(Code.OUT_OF_BOUNDS, "priority = 1001", chain=GovernedChain)
def a_rank_above_its_bound(chain: Chain) -> bytes:
    return proposing(chain, Change(set_reward_terms=SetRewardTerms("lilas", 1, 1, 1_001)))


@row(Code.OUT_OF_BOUNDS, "version = 3", "from 2 to 2", chain=GovernedChain)
def an_upgrade_that_skips_a_version(chain: Chain) -> bytes:
    return proposing(chain, Change(plan_upgrade=UpgradePlan(3, 900)))


@row(Code.OUT_OF_BOUNDS, "height = 6", chain=GovernedChain)
def an_upgrade_without_time_to_prepare(chain: Chain) -> bytes:
    return proposing(chain, Change(plan_upgrade=UpgradePlan(2, 6)))


@row(Code.OUT_OF_BOUNDS, "CometBFT's bound of 1152921504606846975", chain=GovernedChain)
def more_power_than_cometbft_can_count(chain: Chain) -> bytes:
    return proposing(chain, Change(set_power=SetPower(VALIDATOR[1], 1 << 60)))


class LonelyChain(GovernedChain):
    """One validator, who is all there is."""

    validators: ClassVar[Mapping[str, int]] = {"validator-1": 10}

    def __init__(self) -> None:
        document = genesis()
        super().__init__(document | {"validators": document["validators"][:1]})


@row(Code.SET_EMPTIED, "no validator would be left", chain=LonelyChain)
def a_removal_of_the_last_validator(chain: Chain) -> bytes:
    return proposing(chain, Change(remove_validator=RemoveValidator(VALIDATOR[1])))


@row(Code.POWER_STEP_TOO_LARGE, "14 would be given", "of at most 13", chain=GovernedChain)
def a_newcomer_with_a_third_of_the_power(chain: Chain) -> bytes:
    return proposing(chain, Change(add_validator=joining("validator-5", 14, "oscar")))


@row(Code.VALIDATOR_TOO_STRONG, "20 of 50", "a third or more", chain=GovernedChain)
def a_validator_that_could_stop_the_chain(chain: Chain) -> bytes:
    return proposing(chain, Change(set_power=SetPower(VALIDATOR[1], 20)))


@row(Code.VALIDATOR_TOO_STRONG, "10 of 30", "another one join", chain=GovernedChain)
def a_fourth_validator_that_leaves(chain: Chain) -> bytes:
    return proposing(chain, Change(remove_validator=RemoveValidator(VALIDATOR[4])))


@row(Code.QUORUM_AT_RISK, "30 of 45", "wait", chain=GovernedChain)
def a_newcomer_while_another_is_silent(chain: Chain) -> bytes:
    chain.signers = signers_of("validator-1", "validator-2", "validator-3")
    return proposing(chain, Change(add_validator=joining("validator-5", 5, "oscar")))
