"""How fast voting power may move, so that the chain goes on and light clients can follow (ADR 14).

A block has power before it, gives some and takes some. Less than a third each way leaves the old validators with more
than two thirds of the new power, whoever joins, and any commit of the new set signed by more than a third of the old.
"""

from __future__ import annotations

from collections.abc import Mapping

from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.governance.keys import POWER_MOVED
from abci_app.state.singles import VALIDATORS
from wire.address import address_of
from wire.governance import PowerMoved
from wire.results import Code

# CometBFT's MaxTotalVotingPower (types/validator_set.go); it counts what is added before what is removed.
MAX_TOTAL_POWER = ((1 << 63) - 1) // 8
# Every validator signs every block, and its signature stands in every commit.
MAX_VALIDATORS = 100


def powers_of(state: State) -> dict[bytes, int]:
    """Voting power by consensus key, in order of key."""
    return {validator.public_key: validator.power for validator in VALIDATORS.values(state)}


def moved_in_block(context: Context) -> PowerMoved:
    """What this block has moved so far."""
    last = POWER_MOVED.get(context.state, b"")
    if last is not None and last.height == context.height:
        return last
    return PowerMoved(context.height, sum(powers_of(context.state).values()))


def note_moved(context: Context, changes: Mapping[bytes, int]) -> None:
    """Count changes of power; call it before they are written."""
    before = powers_of(context.state)
    moved = moved_in_block(context)
    given, taken = _moves(before, changes)
    POWER_MOVED.put(
        context.state,
        b"",
        moved._replace(given_power=moved.given_power + given, taken_power=moved.taken_power + taken),
    )


def may_be_taken(context: Context, power: int) -> bool:
    """Whether the rule on misbehaviour may take this power too.

    Taking endangers no progress; with less than half gone, commits are still signed by a third of the old power.
    """
    moved = moved_in_block(context)
    return 2 * (moved.taken_power + power) + moved.given_power < moved.total_power


def require_safe(context: Context, changes: Mapping[bytes, int]) -> None:
    """Powers by key may become these (0: it leaves).

    Raises: Refusal OUT_OF_BOUNDS, SET_EMPTIED, POWER_STEP_TOO_LARGE, VALIDATOR_TOO_STRONG, QUORUM_AT_RISK.
    """
    before = powers_of(context.state)
    after = {key: power for key, power in (before | dict(changes)).items() if power}
    given, taken = _moves(before, changes)
    moved = moved_in_block(context)
    _require_representable(moved, given, len(before), len(after))
    if not after:
        raise Refusal(Code.SET_EMPTIED, "no validator would be left: have another one join first")
    _require_small_step(moved, given, taken)
    _require_none_too_strong(before, after)
    _require_quorum(context, after)


def _moves(before: Mapping[bytes, int], changes: Mapping[bytes, int]) -> tuple[int, int]:
    """Power that is given and taken."""
    steps = [power - before.get(key, 0) for key, power in changes.items()]
    return sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)


def _require_representable(moved: PowerMoved, given: int, count_before: int, count: int) -> None:
    if moved.total_power + moved.given_power + given > MAX_TOTAL_POWER:
        raise Refusal(
            Code.OUT_OF_BOUNDS,
            f"power: {given} more than the {moved.total_power + moved.given_power} there would pass CometBFT's bound "
            f"of {MAX_TOTAL_POWER}; give less",
        )
    if count > max(count_before, MAX_VALIDATORS):
        raise Refusal(
            Code.OUT_OF_BOUNDS, f"{count} validators: at most {MAX_VALIDATORS} are allowed; have one leave first"
        )


def _require_small_step(moved: PowerMoved, given: int, taken: int) -> None:
    for word, power in (("given", moved.given_power + given), ("taken", moved.taken_power + taken)):
        if 3 * power >= moved.total_power:
            raise Refusal(
                Code.POWER_STEP_TOO_LARGE,
                f"power: {power} would be {word} in one block, a third or more of the {moved.total_power} before it; "
                f"go in steps of at most {(moved.total_power - 1) // 3} a block",
            )


def _require_none_too_strong(before: Mapping[bytes, int], after: Mapping[bytes, int]) -> None:
    """Whoever has a third or more can stop the chain: nobody gets there, and nobody who is there gains."""
    total_before, total = sum(before.values()), sum(after.values())
    for key, power in after.items():
        if 3 * power >= total and power * total_before > before.get(key, 0) * total:
            raise Refusal(
                Code.VALIDATOR_TOO_STRONG,
                f"public_key = {key.hex()} would have {power} of {total} power, a third or more, and could stop the "
                "chain; give others more first, or let another one join",
            )


def _require_quorum(context: Context, after: Mapping[bytes, int]) -> None:
    """Those that signed the last block alone can go on: newcomers don't count until they have signed one."""
    if context.signers is None:
        return
    total = sum(after.values())
    signing = sum(power for key, power in after.items() if address_of(key) in context.signers)
    if 3 * signing <= 2 * total:
        raise Refusal(
            Code.QUORUM_AT_RISK,
            f"those who signed the last block would have {signing} of {total} power, not more than two thirds; wait "
            "until the silent ones and newcomers sign, then approve again",
        )
