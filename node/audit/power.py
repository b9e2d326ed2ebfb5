"""How far voting power may move in a block, so that the chain goes on and light clients can follow (ADR 14)."""

from __future__ import annotations

from collections.abc import Mapping

from node.audit.case import Case, require
from wire.address import address_of
from wire.governance import PowerMoved
from wire.results import Code

# CometBFT's bound on the sum (types/validator_set.go), and ours on the number.
_MOST_POWER, _MOST_VALIDATORS = (2**63 - 1) // 8, 100


def powers(case: Case) -> dict[bytes, int]:
    """Voting power by consensus key."""
    return {key: validator.power for key, validator in case.books.validators.of()}


def moved(case: Case) -> PowerMoved:
    """What this block has moved by now."""
    last = case.books.power_moved.get(None)
    if last is None or last.height != case.height:
        return PowerMoved(case.height, sum(powers(case).values()))
    return last


def _steps(case: Case, changes: Mapping[bytes, int]) -> tuple[int, int]:
    """Power that changes give and take."""
    before = powers(case)
    steps = [power - before.get(key, 0) for key, power in changes.items()]
    return sum(max(step, 0) for step in steps), sum(max(-step, 0) for step in steps)


def note(case: Case, changes: Mapping[bytes, int]) -> None:
    """Count what is about to be written."""
    given, taken = _steps(case, changes)
    so_far = moved(case)
    counted = so_far._replace(given_power=so_far.given_power + given, taken_power=so_far.taken_power + taken)
    case.books.power_moved.put(None, counted)


def may_be_taken(case: Case, power: int) -> bool:
    """Whether misbehaviour may cost this power too: less than half of all goes in a block."""
    so_far = moved(case)
    return so_far.total_power > so_far.given_power + 2 * (so_far.taken_power + power)


def require_safe(case: Case, changes: Mapping[bytes, int]) -> None:
    """Powers may become these. Raises: Denied OUT_OF_BOUNDS to QUORUM_AT_RISK."""
    before, (given, taken), so_far = powers(case), _steps(case, changes), moved(case)
    after = {key: power for key, power in {**before, **changes}.items() if power}
    total_before, total = sum(before.values()), sum(after.values())
    require(so_far.total_power + so_far.given_power + given <= _MOST_POWER, Code.OUT_OF_BOUNDS)
    require(len(after) <= max(len(before), _MOST_VALIDATORS), Code.OUT_OF_BOUNDS)
    require(total > 0, Code.SET_EMPTIED)
    largest = max(so_far.given_power + given, so_far.taken_power + taken)
    require(3 * largest < so_far.total_power, Code.POWER_STEP_TOO_LARGE)
    for key, power in after.items():
        # A third of all power can stop the chain; who has it already may not have more of the whole than before.
        grows = power * total_before > before.get(key, 0) * total
        require(not (grows and 3 * power >= total), Code.VALIDATOR_TOO_STRONG)
    if case.signers is not None:
        there = sum(power for key, power in after.items() if address_of(key) in case.signers)
        require(3 * there > 2 * total, Code.QUORUM_AT_RISK)
