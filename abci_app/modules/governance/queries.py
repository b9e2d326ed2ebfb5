"""Queries of governance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.modules.governance.electorate import operators_of, parameters_of
from abci_app.modules.governance.keys import CLOSED, CONSENSUS_KEYS, MISBEHAVIOURS, OPEN, POWER_MOVED
from abci_app.modules.governance.proposals import find
from abci_app.modules.module import Query
from abci_app.state.singles import UPGRADE, VALIDATORS, parameters
from wire.address import address_of
from wire.governance import (
    GetConsensusKeyRequest,
    GetConsensusKeyResponse,
    GetGovernanceRequest,
    GetGovernanceResponse,
    GetProposalRequest,
    GetProposalResponse,
    ListMisbehavioursRequest,
    ListMisbehavioursResponse,
    ListProposalsRequest,
    ListProposalsResponse,
    ListValidatorsRequest,
    ListValidatorsResponse,
)


def get_governance(context: Context, _: GetGovernanceRequest) -> GetGovernanceResponse:
    """Who decides, how, and what is planned."""
    state = context.state
    return GetGovernanceResponse(
        parameters_of(state),
        operators_of(state),
        parameters(state).app_version,
        UPGRADE.get(state, b""),
        POWER_MOVED.get(state, b""),
    )


def get_proposal(context: Context, request: GetProposalRequest) -> GetProposalResponse:
    """One proposal. Raises: Refusal INVALID_FIELD."""
    check.positive("proposal_id", request.proposal_id)
    proposal = find(context.state, request.proposal_id)
    return GetProposalResponse(proposal is not None, proposal)


def list_proposals(context: Context, request: ListProposalsRequest) -> ListProposalsResponse:
    """Proposals in order of number."""
    proposals = CLOSED if request.closed else OPEN
    return ListProposalsResponse(*proposals.page(context.state, b"", request.page_token, request.limit))


def list_validators(context: Context, _: ListValidatorsRequest) -> ListValidatorsResponse:
    """The validators in order of key."""
    validators = tuple(VALIDATORS.values(context.state))
    return ListValidatorsResponse(validators, sum(validator.power for validator in validators))


def get_consensus_key(context: Context, request: GetConsensusKeyRequest) -> GetConsensusKeyResponse:
    """What became of a key."""
    record = CONSENSUS_KEYS.get(context.state, address_of(request.public_key))
    return GetConsensusKeyResponse(record is not None, record)


def list_misbehaviours(context: Context, request: ListMisbehavioursRequest) -> ListMisbehavioursResponse:
    """Reports in the order in which they came."""
    return ListMisbehavioursResponse(*MISBEHAVIOURS.page(context.state, b"", request.page_token, request.limit))


QUERIES: Mapping[type[Any], Query] = {
    GetGovernanceRequest: get_governance,
    GetProposalRequest: get_proposal,
    ListProposalsRequest: list_proposals,
    ListValidatorsRequest: list_validators,
    GetConsensusKeyRequest: get_consensus_key,
    ListMisbehavioursRequest: list_misbehaviours,
}
