"""Proofs that consensus keys are had by who proposes them, filled in where a scenario leaves them out."""

from __future__ import annotations

from node.messages.schema import QUERIES
from node.scenario.chain import Chain
from node.scenario.keyring import Keyring
from wire.governance import Change, ListValidatorsRequest, Propose, possession_bytes


def with_possession(message: Propose, names: Keyring, chain: Chain) -> Propose:
    """The proposal, with a proof by the key that it names; as it is where it has one or the key is nobody's here."""
    change = message.change or Change()
    if change.add_validator is not None and not change.add_validator.proof:
        joining = change.add_validator
        proof = _proof(joining.public_key, joining.operator, names, chain)
        return message._replace(change=change._replace(add_validator=joining._replace(proof=proof)))
    if change.rotate_validator_key is not None and not change.rotate_validator_key.proof:
        rotation = change.rotate_validator_key
        validators = chain.ask(QUERIES["list_validators"], ListValidatorsRequest()).validators
        operator = next((one.operator for one in validators if one.public_key == rotation.public_key), b"")
        proof = _proof(rotation.new_public_key, operator, names, chain)
        return message._replace(change=change._replace(rotate_validator_key=rotation._replace(proof=proof)))
    return message


def _proof(public_key: bytes, operator: bytes, names: Keyring, chain: Chain) -> bytes:
    name = names.name_of_key(public_key)
    if name is None:
        return bytes(64)
    return names.signing_key(name).sign(possession_bytes(chain.chain_id, public_key, operator)).signature
