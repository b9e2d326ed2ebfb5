"""A chain that four operators govern, three of whom decide; each has a validator of the same power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from abci_app.pipeline import TxResult
from abci_app.state.store import MemoryStore
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from wire.chain import Validator
from wire.governance import (
    Change,
    GetProposalRequest,
    GetProposalResponse,
    ListValidatorsRequest,
    ListValidatorsResponse,
    Proposal,
)

OPERATORS = ("oscar", "olga", "otto", "owen")
DECIDING = OPERATORS[:3]
POWER = 10


def genesis(**changes: Any) -> dict[str, Any]:
    """The tests' genesis with the operators, their validators and governance."""
    document = world.genesis(governance={"voting_s": 3_600})
    there = {account["label"] for account in document["accounts"]["accounts"]}
    document["accounts"]["accounts"] += [
        {"public_key": public_key_of(name).hex(), "roles": ["operator"], "label": name}
        for name in OPERATORS
        if name not in there
    ]
    document["validators"] = [
        {"public_key": public_key_of(f"validator-{number}").hex(), "operator": address(name).hex()}
        for number, name in enumerate(OPERATORS, start=1)
    ]
    return document | changes


class GovernedChain(Chain):
    """The application with that genesis."""

    validators: ClassVar[Mapping[str, int]] = {f"validator-{number}": POWER for number in range(1, 5)}

    def __init__(self, document: dict[str, Any] | None = None, store: MemoryStore | None = None) -> None:
        super().__init__(genesis() if document is None else document, store=store)

    def decide(self, change: Change, operators: Sequence[str] = DECIDING) -> TxResult:
        """Propose and approve until it is executed."""
        return super().decide(change, operators)

    def powers(self) -> dict[bytes, int]:
        """The validators' power by key, as the state has it."""
        return {validator.public_key: validator.power for validator in self.set_of_validators()}

    def set_of_validators(self) -> tuple[Validator, ...]:
        """The validators, in order of key."""
        return self.query(ListValidatorsRequest(), ListValidatorsResponse).validators

    def proposal(self, number: int) -> Proposal:
        """A proposal, open or closed."""
        found = self.query(GetProposalRequest(number), GetProposalResponse).proposal
        assert found is not None
        return found


def signers_of(*names: str) -> frozenset[bytes]:
    """The consensus addresses of validators by the names of their keys."""
    return frozenset(address(name) for name in names)
