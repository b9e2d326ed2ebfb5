"""The validator set: what may become of it, and what CometBFT is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

import pytest

from abci_app.app import App
from abci_app.modules.governance.power import MAX_VALIDATORS
from abci_app.state.store import MemoryStore
from tests.app import world
from tests.app.keyring import address, public_key_of
from tests.governance.decisions import joining, rotation
from tests.governance.governed import GovernedChain, genesis, signers_of
from wire.governance import (
    Approve,
    Change,
    GetConsensusKeyRequest,
    GetConsensusKeyResponse,
    ListMisbehavioursRequest,
    ListMisbehavioursResponse,
    Misbehaviour,
    MisbehaviourRecorded,
    Offence,
    Propose,
    RemoveValidator,
    SetOperator,
    SetPower,
    ValidatorChanged,
)
from wire.results import Code

KEY = {number: public_key_of(f"validator-{number}") for number in range(1, 9)}
TWICE = Offence.OFFENCE_DUPLICATE_VOTE


def report(name: str, height: int = 1, offence: Offence = TWICE) -> Misbehaviour:
    return Misbehaviour(offence, address(name), height=height)


def told(chain: GovernedChain, change: Change) -> list[tuple[bytes, int]]:
    """What CometBFT is told in the block that executes a change."""
    chain.do("oscar", Propose(change))
    number = chain.proposals()
    chain.do("olga", Approve(number))
    done = chain.finalize(chain.tx("otto", Approve(number)))
    assert done.block.results[0].code is Code.OK, done.block.results[0]
    return done.block.powers


def test_cometbft_is_told_what_changed_and_nothing_else() -> None:
    chain = GovernedChain()
    assert told(chain, Change(add_validator=joining("validator-5", 10, "oscar"))) == [(KEY[5], 10)]
    assert told(chain, Change(set_power=SetPower(KEY[1], 9))) == [(KEY[1], 9)]
    assert told(chain, Change(set_operator=SetOperator(KEY[1], address("owen")))) == []
    both = told(chain, Change(rotate_validator_key=rotation("validator-2", "validator-6", "olga")))
    assert both == sorted([(KEY[2], 0), (KEY[6], 10)])
    assert told(chain, Change(remove_validator=RemoveValidator(KEY[3]))) == [(KEY[3], 0)]
    assert chain.powers() == {KEY[1]: 9, KEY[4]: 10, KEY[5]: 10, KEY[6]: 10}
    assert chain.finalize().block.powers == []


def test_the_first_block_repeats_nothing_of_the_genesis() -> None:
    app = App(MemoryStore())
    app.init_chain(world.CHAIN_ID, world.GENESIS_S, [(KEY[1], 10)], json.dumps(genesis(validators=[])).encode())
    assert app.finalize_block(1, (world.GENESIS_S + 1) * 10**9, []).block.powers == []


def test_a_rotated_key_keeps_power_operator_and_place_and_is_remembered() -> None:
    chain = GovernedChain()
    chain.decide(Change(rotate_validator_key=rotation("validator-2", "validator-6", "olga")))
    height = chain.app.last_block.height
    new = next(one for one in chain.set_of_validators() if one.public_key == KEY[6])
    assert (new.power, new.operator) == (10, address("olga"))
    old = chain.query(GetConsensusKeyRequest(KEY[2]), GetConsensusKeyResponse).consensus_key
    assert old is not None
    assert (old.since_height, old.until_height, old.successor) == (0, height, KEY[6])


def test_a_key_that_left_never_comes_back() -> None:
    chain = GovernedChain()
    chain.decide(Change(add_validator=joining("validator-5", 10, "oscar")))
    chain.decide(Change(remove_validator=RemoveValidator(KEY[4])))
    result = chain.send("owen", Propose(Change(add_validator=joining("validator-4", 5, "owen"))))
    assert result.code is Code.KEY_USED


def test_a_block_gives_less_than_a_third_however_many_proposals_it_executes() -> None:
    chain = GovernedChain()
    for number, name in ((5, "oscar"), (6, "olga")):
        chain.do(name, Propose(Change(add_validator=joining(f"validator-{number}", 8, name))))
    chain.do("olga", Approve(1))
    chain.do("oscar", Approve(2))
    first, second = chain.block(chain.tx("otto", Approve(1)), chain.tx("otto", Approve(2)))
    assert (first.code, second.code) == (Code.OK, Code.POWER_STEP_TOO_LARGE)
    assert "16 would be given" in second.message
    assert chain.do("otto", Approve(2)).code is Code.OK


def test_newcomers_that_have_not_signed_yet_add_up_to_less_than_a_third() -> None:
    chain = GovernedChain()
    chain.signers = signers_of(*chain.validators)
    chain.decide(Change(add_validator=joining("validator-5", 10, "oscar")))
    chain.decide(Change(add_validator=joining("validator-6", 9, "olga")))
    change = Change(add_validator=joining("validator-7", 1, "otto"))
    assert chain.send("otto", Propose(change)).code is Code.QUORUM_AT_RISK
    chain.signers = signers_of(*chain.validators, "validator-5")
    assert chain.send("otto", Propose(change)).code is Code.OK


def test_a_silent_validator_can_leave() -> None:
    chain = GovernedChain()
    chain.decide(Change(add_validator=joining("validator-5", 10, "oscar")))
    chain.signers = signers_of("validator-1", "validator-2", "validator-3", "validator-5")
    assert chain.decide(Change(remove_validator=RemoveValidator(KEY[4]))).code is Code.OK


@pytest.mark.parametrize("offence", [Offence.OFFENCE_DUPLICATE_VOTE, Offence.OFFENCE_LIGHT_CLIENT_ATTACK])
def test_misbehaviour_takes_all_power_at_once_and_is_kept(offence: Offence) -> None:
    chain = GovernedChain()
    chain.reports = [report("validator-3", 1, offence)]
    done = chain.finalize()
    assert done.block.powers == [(KEY[3], 0)]
    (event,) = chain.events_of(MisbehaviourRecorded)
    kept = Misbehaviour(offence, address("validator-3"), KEY[3], 1, chain.app.last_block.height, 10)
    assert event.misbehaviour == kept
    assert chain.query(ListMisbehavioursRequest(), ListMisbehavioursResponse).misbehaviours == (kept,)
    assert chain.events_of(ValidatorChanged)[-1].validator is not None
    assert KEY[3] not in chain.powers()


def test_a_key_that_was_rotated_since_does_not_wash_misbehaviour_away() -> None:
    chain = GovernedChain()
    chain.decide(Change(rotate_validator_key=rotation("validator-2", "validator-6", "olga")))
    chain.decide(Change(rotate_validator_key=rotation("validator-6", "validator-7", "olga")))
    chain.reports = [report("validator-2")]
    assert chain.finalize().block.powers == [(KEY[7], 0)]


def test_misbehaviour_of_who_is_gone_or_unknown_is_kept_and_takes_nothing() -> None:
    chain = GovernedChain()
    chain.reports = [report("validator-1"), report("validator-1", 2), report("validator-8")]
    assert chain.finalize().block.powers == [(KEY[1], 0)]
    found = chain.query(ListMisbehavioursRequest(), ListMisbehavioursResponse).misbehaviours
    assert sorted(one.taken_power for one in found) == [0, 0, 10]


def test_when_half_misbehaves_at_once_the_rest_is_left_to_the_operators() -> None:
    chain = GovernedChain()
    chain.reports = [report(name) for name in chain.validators]
    done = chain.finalize()
    assert done.block.powers == [(KEY[1], 0)]
    assert sum(chain.powers().values()) == 30
    chain.reports = [report(name, 2) for name in chain.validators]
    assert len(chain.finalize().block.powers) == 1
    chain.reports = [report(name, 3) for name in chain.validators]
    assert chain.finalize().block.powers == []
    assert sum(chain.powers().values()) == 20


class Solitary(GovernedChain):
    """A chain of one validator."""

    validators: ClassVar[Mapping[str, int]] = {"validator-1": 10}


def test_the_last_validator_keeps_its_power_whatever_it_did_and_others_can_join() -> None:
    chain = Solitary(genesis(validators=[]))
    chain.reports = [report("validator-1")]
    assert chain.finalize().block.powers == []
    assert chain.powers() == {KEY[1]: 10}
    for number, power in ((2, 3), (3, 4), (4, 5), (5, 7)):
        chain.decide(Change(add_validator=joining(f"validator-{number}", power, "oscar")))
    chain.decide(Change(set_power=SetPower(KEY[1], 9)))
    assert 3 * max(chain.powers().values()) < sum(chain.powers().values())


def test_a_chain_without_governance_takes_note_of_nothing() -> None:
    chain = GovernedChain({key: part for key, part in genesis().items() if key != "governance"})
    before = chain.stored()
    chain.reports = [report("validator-1")]
    assert chain.finalize().block.powers == []
    assert chain.stored() == before


def test_an_idle_chain_keeps_its_app_hash() -> None:
    chain = GovernedChain()
    chain.decide(Change(add_validator=joining("validator-5", 10, "oscar")))
    assert chain.finalize().app_hash == chain.finalize().app_hash


class Crowded(GovernedChain):
    """A chain that began with more validators than may join."""

    validators: ClassVar[Mapping[str, int]] = {f"validator-{number}": 10 for number in range(1, MAX_VALIDATORS + 3)}


def test_a_hundred_validators_are_the_most_that_may_join_and_a_larger_genesis_can_shrink() -> None:
    chain = Crowded(genesis(validators=[]))
    joins = Change(add_validator=joining("newcomer", 10, "oscar"))
    result = chain.send("oscar", Propose(joins))
    assert (result.code, "at most 100" in result.message) == (Code.OUT_OF_BOUNDS, True)
    for number in (1, 2, 3):
        chain.decide(Change(remove_validator=RemoveValidator(KEY[number])))
    assert len(chain.powers()) == MAX_VALIDATORS - 1
    chain.decide(joins)
    assert (
        chain.send("oscar", Propose(Change(add_validator=joining("another", 10, "oscar")))).code is Code.OUT_OF_BOUNDS
    )
