"""Validators join, leave, change and are punished."""

from __future__ import annotations

from node.audit import accounts, power
from node.audit.case import Case, Denied, require
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


def found(case: Case, public_key: bytes) -> Validator:
    """The validator. Raises: Denied UNKNOWN_VALIDATOR."""
    validator = case.books.validators.get(public_key)
    if validator is None:
        raise Denied(Code.UNKNOWN_VALIDATOR)
    return validator


def _owned(case: Case, public_key: bytes, operator: bytes, proof: bytes) -> None:
    signed = possession_bytes(case.chain_id, public_key, operator)
    require(accounts.signed_by(public_key, proof, signed), Code.BAD_SIGNATURE)


def _unused(case: Case, public_key: bytes) -> None:
    require(case.books.consensus_keys.get(address_of(public_key)) is None, Code.KEY_USED)


def join(case: Case, validator: Validator) -> None:
    """Write a validator, whose key is nobody else's from now on."""
    case.books.validators.put(validator.public_key, validator)
    register(case, validator)
    case.events.append(ValidatorChanged(validator))


def register(case: Case, validator: Validator) -> None:
    """Remember a key for good."""
    record = ConsensusKey(validator.public_key, validator.operator, case.height)
    case.books.consensus_keys.put(address_of(validator.public_key), record)


def _leave(case: Case, validator: Validator, successor: bytes = b"") -> None:
    power.note(case, {validator.public_key: 0})
    case.books.validators.drop(validator.public_key)
    at = address_of(validator.public_key)
    record = case.books.consensus_keys.get(at) or ConsensusKey(validator.public_key, validator.operator)
    case.books.consensus_keys.put(at, record._replace(until_height=case.height, successor=successor))
    case.events.append(ValidatorChanged(validator._replace(power=0)))


def name_add(case: Case, m: AddValidator) -> None:
    _owned(case, m.public_key, m.operator, m.proof)
    accounts.having(case, m.operator, Role.ROLE_OPERATOR)
    _unused(case, m.public_key)


def bound_add(case: Case, m: AddValidator) -> None:
    power.require_safe(case, {m.public_key: m.power})


def add(case: Case, m: AddValidator) -> None:
    power.note(case, {m.public_key: m.power})
    join(case, Validator(m.public_key, m.power, m.operator))


def name(case: Case, m: RemoveValidator | SetPower) -> None:
    found(case, m.public_key)


def bound_remove(case: Case, m: RemoveValidator) -> None:
    power.require_safe(case, {m.public_key: 0})


def remove(case: Case, m: RemoveValidator) -> None:
    _leave(case, found(case, m.public_key))


def bound_power(case: Case, m: SetPower) -> None:
    power.require_safe(case, {m.public_key: m.power})


def set_power(case: Case, m: SetPower) -> None:
    power.note(case, {m.public_key: m.power})
    _change(case, found(case, m.public_key)._replace(power=m.power))


def name_rotation(case: Case, m: RotateValidatorKey) -> None:
    validator = found(case, m.public_key)
    _owned(case, m.new_public_key, validator.operator, m.proof)
    _unused(case, m.new_public_key)


def bound_rotation(case: Case, m: RotateValidatorKey) -> None:
    power.require_safe(case, {m.public_key: 0, m.new_public_key: found(case, m.public_key).power})


def rotate(case: Case, m: RotateValidatorKey) -> None:
    validator = found(case, m.public_key)
    _leave(case, validator, m.new_public_key)
    power.note(case, {m.new_public_key: validator.power})
    join(case, validator._replace(public_key=m.new_public_key))


def name_operator(case: Case, m: SetOperator) -> None:
    accounts.having(case, m.operator, Role.ROLE_OPERATOR)
    found(case, m.public_key)


def set_operator(case: Case, m: SetOperator) -> None:
    _change(case, found(case, m.public_key)._replace(operator=m.operator))


def _change(case: Case, validator: Validator) -> None:
    case.books.validators.put(validator.public_key, validator)
    case.events.append(ValidatorChanged(validator))


def punish(case: Case, report: Misbehaviour) -> None:
    """Whoever has the reported key now, or what it was rotated to, loses its power, if that may be taken."""
    books = case.books
    record = books.consensus_keys.get(report.consensus_address)
    while record is not None and record.successor:
        record = books.consensus_keys.get(address_of(record.successor))
    validator = None if record is None else books.validators.get(record.public_key)
    taken = validator.power if validator is not None and power.may_be_taken(case, validator.power) else 0
    entry = report._replace(
        public_key=validator.public_key if validator else b"", reported_height=case.height, taken_power=taken
    )
    books.misbehaviours.put((entry.reported_height, entry.consensus_address, entry.offence, entry.height), entry)
    case.events.append(MisbehaviourRecorded(entry))
    if validator is not None and taken:
        _leave(case, validator)
