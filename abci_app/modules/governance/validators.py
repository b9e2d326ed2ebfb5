"""Validators join, leave, change power, rotate keys, and lose power for what they are proved of."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.core.signature import verified
from abci_app.modules.accounts.api import require_role
from abci_app.modules.governance.keys import CONSENSUS_KEYS, MISBEHAVIOURS, misbehaviour_key
from abci_app.modules.governance.power import may_be_taken, note_moved, require_safe
from abci_app.state.singles import VALIDATORS
from wire.accounts import Role
from wire.address import address_of
from wire.chain import Validator
from wire.governance import (
    AddValidator,
    ConsensusKey,
    Misbehaviour,
    MisbehaviourRecorded,
    RemoveValidator,
    RotateValidatorKey,
    SetOperator,
    SetPower,
    ValidatorChanged,
    possession_bytes,
)
from wire.results import Code


def register(context: Context, validator: Validator) -> None:
    """Keep a validator's key for good, so that nobody uses it again."""
    record = ConsensusKey(validator.public_key, validator.operator, context.height)
    CONSENSUS_KEYS.put(context.state, address_of(validator.public_key), record)


def _require_validator(state: State, public_key: bytes) -> Validator:
    validator = VALIDATORS.get(state, public_key)
    if validator is None:
        raise Refusal(
            Code.UNKNOWN_VALIDATOR, f"public_key = {public_key.hex()}: no validator; list the validators for their keys"
        )
    return validator


def _require_unused(state: State, field: str, public_key: bytes) -> None:
    if CONSENSUS_KEYS.get(state, address_of(public_key)) is not None:
        raise Refusal(
            Code.KEY_USED, f"{field} = {public_key.hex()} is or was a validator's: make a new key, none is used twice"
        )


def _require_possession(context: Context, public_key: bytes, operator: bytes, proof: bytes) -> None:
    if not verified(public_key, proof, possession_bytes(context.chain_id, public_key, operator)):
        raise Refusal(
            Code.BAD_SIGNATURE,
            f"proof: not the signature of the consensus key {public_key.hex()} over this chain, key and operator; make "
            "it with `vdg keys possession`",
        )


def _check_power(power: int) -> None:
    check.positive("power", power)


# A validator joins


def check_add(message: AddValidator) -> None:
    """Fields of AddValidator."""
    check.public_key("public_key", message.public_key)
    _check_power(message.power)
    check.address("operator", message.operator)
    check.length("proof", message.proof, 64, 64)


def name_add(context: Context, message: AddValidator) -> None:
    """Raises: Refusal BAD_SIGNATURE, WRONG_ROLE, UNKNOWN_ACCOUNT, KEY_USED."""
    _require_possession(context, message.public_key, message.operator, message.proof)
    require_role(context.state, "operator", message.operator, Role.ROLE_OPERATOR)
    _require_unused(context.state, "public_key", message.public_key)


def bound_add(context: Context, message: AddValidator) -> None:
    """Raises: Refusal as ``require_safe`` does."""
    require_safe(context, {message.public_key: message.power})


def add(context: Context, message: AddValidator) -> None:
    """Write what was checked."""
    note_moved(context, {message.public_key: message.power})
    validator = Validator(message.public_key, message.power, message.operator)
    VALIDATORS.put(context.state, message.public_key, validator)
    register(context, validator)
    context.emit(ValidatorChanged(validator))


# A validator leaves


def check_remove(message: RemoveValidator) -> None:
    """Fields of RemoveValidator."""
    check.public_key("public_key", message.public_key)


def name_remove(context: Context, message: RemoveValidator) -> None:
    """Raises: Refusal UNKNOWN_VALIDATOR."""
    _require_validator(context.state, message.public_key)


def bound_remove(context: Context, message: RemoveValidator) -> None:
    """Raises: Refusal as ``require_safe`` does."""
    require_safe(context, {message.public_key: 0})


def remove(context: Context, message: RemoveValidator) -> None:
    """Write what was checked."""
    _take_out(context, _require_validator(context.state, message.public_key), successor=b"")


def _take_out(context: Context, validator: Validator, successor: bytes) -> None:
    note_moved(context, {validator.public_key: 0})
    VALIDATORS.delete(context.state, validator.public_key)
    address = address_of(validator.public_key)
    record = CONSENSUS_KEYS.get(context.state, address) or ConsensusKey(validator.public_key, validator.operator)
    CONSENSUS_KEYS.put(context.state, address, record._replace(until_height=context.height, successor=successor))
    context.emit(ValidatorChanged(validator._replace(power=0)))


# A validator changes power


def check_power(message: SetPower) -> None:
    """Fields of SetPower."""
    check.public_key("public_key", message.public_key)
    _check_power(message.power)


def name_power(context: Context, message: SetPower) -> None:
    """Raises: Refusal UNKNOWN_VALIDATOR."""
    _require_validator(context.state, message.public_key)


def bound_power(context: Context, message: SetPower) -> None:
    """Raises: Refusal as ``require_safe`` does."""
    require_safe(context, {message.public_key: message.power})


def set_power(context: Context, message: SetPower) -> None:
    """Write what was checked."""
    note_moved(context, {message.public_key: message.power})
    validator = _require_validator(context.state, message.public_key)._replace(power=message.power)
    VALIDATORS.put(context.state, message.public_key, validator)
    context.emit(ValidatorChanged(validator))


# A validator rotates its key


def check_rotation(message: RotateValidatorKey) -> None:
    """Fields of RotateValidatorKey."""
    check.public_key("public_key", message.public_key)
    check.public_key("new_public_key", message.new_public_key)
    check.length("proof", message.proof, 64, 64)


def name_rotation(context: Context, message: RotateValidatorKey) -> None:
    """Raises: Refusal BAD_SIGNATURE, UNKNOWN_VALIDATOR, KEY_USED."""
    validator = _require_validator(context.state, message.public_key)
    _require_possession(context, message.new_public_key, validator.operator, message.proof)
    _require_unused(context.state, "new_public_key", message.new_public_key)


def bound_rotation(context: Context, message: RotateValidatorKey) -> None:
    """Raises: Refusal as ``require_safe`` does."""
    power = _require_validator(context.state, message.public_key).power
    require_safe(context, {message.public_key: 0, message.new_public_key: power})


def rotate(context: Context, message: RotateValidatorKey) -> None:
    """Write what was checked."""
    old = _require_validator(context.state, message.public_key)
    new = old._replace(public_key=message.new_public_key)
    _take_out(context, old, successor=message.new_public_key)
    note_moved(context, {new.public_key: new.power})
    VALIDATORS.put(context.state, new.public_key, new)
    register(context, new)
    context.emit(ValidatorChanged(new))


# A validator's rewards go to another account


def check_operator(message: SetOperator) -> None:
    """Fields of SetOperator."""
    check.public_key("public_key", message.public_key)
    check.address("operator", message.operator)


def name_operator(context: Context, message: SetOperator) -> None:
    """Raises: Refusal WRONG_ROLE, UNKNOWN_ACCOUNT, UNKNOWN_VALIDATOR."""
    require_role(context.state, "operator", message.operator, Role.ROLE_OPERATOR)
    _require_validator(context.state, message.public_key)


def set_operator(context: Context, message: SetOperator) -> None:
    """Write what was checked."""
    validator = _require_validator(context.state, message.public_key)._replace(operator=message.operator)
    VALIDATORS.put(context.state, message.public_key, validator)
    context.emit(ValidatorChanged(validator))


# A validator is proved of misbehaviour


def punish(context: Context, report: Misbehaviour) -> None:
    """Take all power from a validator that CometBFT proved of misbehaviour, and keep a record of it.

    A key that was rotated since stands for the one that it is now. Power stays where the rule may not take it: from
    one that has none any more, and when half of all power would go in this block; then the operators decide.
    """
    state = context.state
    validator = _present_validator(state, report.consensus_address)
    taken = 0
    if validator is not None and may_be_taken(context, validator.power):
        taken = validator.power
    record = report._replace(
        public_key=validator.public_key if validator else b"", reported_height=context.height, taken_power=taken
    )
    # After this point the action must succeed.
    MISBEHAVIOURS.put(state, misbehaviour_key(record), record)
    context.emit(MisbehaviourRecorded(record))
    if validator is not None and taken:
        _take_out(context, validator, successor=b"")


def _present_validator(state: State, consensus_address: bytes) -> Validator | None:
    """The validator that has this key now or one that replaced it; the chain of successors has no loop."""
    record = CONSENSUS_KEYS.get(state, consensus_address)
    while record is not None and record.successor:
        record = CONSENSUS_KEYS.get(state, address_of(record.successor))
    return VALIDATORS.get(state, record.public_key) if record is not None else None
