"""Queries of proofs and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.modules.flowproof.keys import EVIDENCE, PROOFS
from abci_app.modules.module import Query
from abci_app.modules.names import grid_prefix, slot_account_key, slot_key
from wire.flowproof import (
    GetProofRequest,
    GetProofResponse,
    ListEquivocationsRequest,
    ListEquivocationsResponse,
    ListProofsRequest,
    ListProofsResponse,
)


def get_proof(context: Context, request: GetProofRequest) -> GetProofResponse:
    """One household's proof of a slot."""
    proof = PROOFS.get(context.state, slot_account_key(request.vdg, request.slot, request.account))
    return GetProofResponse(proof is not None, proof)


def list_proofs(context: Context, request: ListProofsRequest) -> ListProofsResponse:
    """A slot's proofs."""
    key = slot_key(request.vdg, request.slot)
    return ListProofsResponse(*PROOFS.page(context.state, key, request.page_token, request.limit))


def list_equivocations(context: Context, request: ListEquivocationsRequest) -> ListEquivocationsResponse:
    """The evidence against a VDG's proof keys."""
    page = EVIDENCE.page(context.state, grid_prefix(request.vdg), request.page_token, request.limit)
    return ListEquivocationsResponse(*page)


QUERIES: Mapping[type[Any], Query] = {
    GetProofRequest: get_proof,
    ListProofsRequest: list_proofs,
    ListEquivocationsRequest: list_equivocations,
}
