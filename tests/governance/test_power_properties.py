"""Whatever operators decide and validators do: the set is never empty, and power moves no faster than the rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.modules.governance.power import MAX_TOTAL_POWER, MAX_VALIDATORS
from tests.app.keyring import address, public_key_of
from tests.governance.decisions import joining, rotation
from tests.governance.governed import OPERATORS, GovernedChain, genesis, signers_of
from wire.governance import (
    Approve,
    Change,
    GovernanceParameters,
    Misbehaviour,
    Offence,
    ProposalMade,
    Propose,
    RemoveValidator,
    SetPower,
)

NAMES = [f"validator-{number}" for number in range(1, 13)]
KEYS = {public_key_of(name): name for name in NAMES}

name = st.sampled_from(NAMES)
huge = st.sampled_from([MAX_TOTAL_POWER, MAX_TOTAL_POWER // 3, 1 << 63])
power = st.one_of(st.integers(1, 12), st.integers(1, 40), huge)
change = st.one_of(
    st.builds(
        lambda one, much, who: Change(add_validator=joining(one, much, who)), name, power, st.sampled_from(OPERATORS)
    ),
    st.builds(lambda one: Change(remove_validator=RemoveValidator(public_key_of(one))), name),
    st.builds(lambda one, much: Change(set_power=SetPower(public_key_of(one), much)), name, power),
    st.builds(
        lambda old, new, who: Change(rotate_validator_key=rotation(old, new, who)),
        name,
        name,
        st.sampled_from(OPERATORS),
    ),
)
# A block: changes that are proposed and at once approved, who misbehaved, and who is silent.
block = st.tuples(
    st.lists(change, max_size=3), st.lists(name, max_size=2), st.one_of(st.none(), st.lists(name, max_size=3))
)


class Deciding(GovernedChain):
    """Validators of any power; a single operator decides, so that every block has many changes."""

    def __init__(self, powers: list[int]) -> None:
        type(self).validators = {NAMES[index]: much for index, much in enumerate(powers)}
        document = genesis(validators=[], governance={"threshold": 3, "voting_s": 3_600})
        super().__init__(document)

    validators: ClassVar[Mapping[str, int]] = {}


@settings(max_examples=60, deadline=None)
@given(powers=st.lists(st.integers(1, 30), min_size=1, max_size=6), blocks=st.lists(block, max_size=6))
def test_the_set_is_never_empty_and_moves_no_faster_than_the_rule(powers: list[int], blocks: list[Any]) -> None:
    chain = Deciding(powers)
    told = dict(chain.powers())
    for changes, misbehaving, silent in blocks:
        chain.signers = None
        opened = [_proposed(chain, one) for one in changes]
        before = chain.powers()
        heard = {KEYS[key] for key in before} - set(silent or ())
        chain.signers = None if silent is None else signers_of(*heard)
        chain.reports = [
            Misbehaviour(Offence.OFFENCE_DUPLICATE_VOTE, address(one), height=chain.app.last_block.height)
            for one in misbehaving
        ]
        done = chain.finalize(*(chain.tx("otto", Approve(number)) for number in opened if number))
        after = chain.powers()
        told = {key: much for key, much in (told | dict(done.block.powers)).items() if much}
        assert told == after, "CometBFT's set is the state's"
        _check_rule(before, after, reported=bool(misbehaving))
        if silent is not None and after != before and not misbehaving:
            signing = sum(much for key, much in after.items() if KEYS[key] in heard)
            assert 3 * signing > 2 * sum(after.values())


def _proposed(chain: GovernedChain, one: Change) -> int:
    """The number of a proposal that one approval is missing of; 0 when it was refused."""
    made = len(chain.events_of(ProposalMade))
    chain.send("oscar", Propose(one))
    if len(chain.events_of(ProposalMade)) == made:
        return 0
    chain.do("olga", Approve(chain.proposals()))
    return chain.proposals()


def _check_rule(before: dict[bytes, int], after: dict[bytes, int], *, reported: bool) -> None:
    """The four rules of ADR 14, worked out anew from the sets."""
    total_before, total = sum(before.values()), sum(after.values())
    given_power = sum(max(0, much - before.get(key, 0)) for key, much in after.items())
    taken = sum(max(0, much - after.get(key, 0)) for key, much in before.items())
    assert after
    assert total <= MAX_TOTAL_POWER
    assert len(after) <= MAX_VALIDATORS
    assert 3 * given_power < total_before
    assert 2 * taken + given_power < total_before
    kept = sum(min(much, after.get(key, 0)) for key, much in before.items())
    if not reported:
        assert 3 * taken < total_before
        assert 3 * kept > 2 * total, "those who were there can go on alone"
    # Any two thirds of the new set have more than a third of the old one.
    assert 3 * (2 * total - 3 * (total - kept)) > 3 * total_before or given_power == taken == 0


def test_governance_parameters_that_decide_are_more_than_half() -> None:
    chain = GovernedChain()
    for threshold, fine in ((0, False), (2, False), (3, True), (4, True), (5, False)):
        result = chain.send("oscar", Propose(Change(set_governance=GovernanceParameters(threshold, 60 + threshold))))
        assert (result.code == 0) is fine
