"""The chain's own values: parameters, validators, the planned upgrade."""

from __future__ import annotations

from abci_app.core.context import Reader
from abci_app.core.refusal import InvariantBroken
from abci_app.state.collection import Collection
from wire import state_keys
from wire.chain import ChainParameters, UpgradePlan, Validator

# p
PARAMETERS = Collection(*state_keys.CHAIN_PARAMETERS)
# u: the upgrade that is planned, if any
UPGRADE = Collection("chain", b"u", UpgradePlan)
# v<consensus public key, 32 bytes>
VALIDATORS = Collection("chain", b"v", Validator)


def parameters(state: Reader) -> ChainParameters:
    """The chain's parameters. Raises: InvariantBroken before genesis."""
    found = PARAMETERS.get(state, b"")
    if found is None:
        raise InvariantBroken("the chain has no parameters: it was not initialised from a genesis")
    return found
