"""Every query of governance, and words of its answer at the end of the fixed day."""

from __future__ import annotations

from typing import Any

from tests.app.keyring import public_key_of
from wire import governance

ASKED: list[tuple[Any, Any, str]] = [
    (governance.GetGovernanceRequest(), governance.GetGovernanceResponse, "threshold=2, voting_s=3600"),
    (governance.GetGovernanceRequest(), governance.GetGovernanceResponse, "app_version=1, upgrade=None"),
    (governance.GetProposalRequest(1), governance.GetProposalResponse, "PROPOSAL_STATUS_EXECUTED"),
    (governance.GetProposalRequest(999), governance.GetProposalResponse, "found=False"),
    (governance.ListProposalsRequest(), governance.ListProposalsResponse, "proposals=()"),
    (governance.ListProposalsRequest(True, b"", 3), governance.ListProposalsResponse, "next_page_token=b'\\x00"),
    (governance.ListProposalsRequest(True), governance.ListProposalsResponse, "PROPOSAL_STATUS_WITHDRAWN"),
    (governance.ListProposalsRequest(True), governance.ListProposalsResponse, "PROPOSAL_STATUS_EXPIRED"),
    (governance.ListValidatorsRequest(), governance.ListValidatorsResponse, "total_power=35"),
    (
        governance.GetConsensusKeyRequest(public_key_of("validator-2")),
        governance.GetConsensusKeyResponse,
        f"successor={public_key_of('validator-4')!r}",
    ),
    (
        governance.GetConsensusKeyRequest(public_key_of("validator-9")),
        governance.GetConsensusKeyResponse,
        "found=False",
    ),
    (governance.ListMisbehavioursRequest(), governance.ListMisbehavioursResponse, "taken_power=14"),
]
