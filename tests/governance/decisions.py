"""Changes of validators with the proofs that their keys give."""

from __future__ import annotations

from tests.app import world
from tests.app.keyring import address, public_key_of, sign_with
from wire.governance import AddValidator, RotateValidatorKey, possession_bytes


def joining(validator: str, power: int, operator: str, *, key: str = "") -> AddValidator:
    """A validator by the name of its key joins; ``key`` signs in place of its own."""
    public_key = public_key_of(validator)
    signed = possession_bytes(world.CHAIN_ID, public_key, address(operator))
    return AddValidator(public_key, power, address(operator), sign_with(key or validator, signed))


def rotation(old: str, new: str, operator: str, *, key: str = "") -> RotateValidatorKey:
    """A validator goes on with another key."""
    public_key = public_key_of(new)
    signed = possession_bytes(world.CHAIN_ID, public_key, address(operator))
    return RotateValidatorKey(public_key_of(old), public_key, sign_with(key or new, signed))
