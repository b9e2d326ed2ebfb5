"""`vdg receipt`: one self-contained file about a flow, a clearing, a certificate or a household's settlement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from clients.common.chain import Chain
from clients.common.trust import TrustSection
from node.cli.access import GatewayOptions, KeyFolder, KeysOption, TimeoutOption
from node.cli.option_group import with_groups
from node.cli.options import command_for, message_from
from node.cli.output import JsonOption
from node.cli.proving import prove, tell_written, write_file
from node.cli.trusting import TrustOptions
from wire import state_keys as at
from wire.flowproof import FlowStatement, GetProofRequest
from wire.grid import ListProofKeysRequest
from wire.market import GetBookRequest
from wire.proof_file import ProofFile
from wire.receipts import FLOW_PROOF, signed_by
from wire.settlement import GetCertificateRequest, GetHouseholdRequest
from wire.state_keys import Item
from wire.unverified import Reason, Unverified
from wire.verifiable import item_of

app = typer.Typer(no_args_is_help=True, help="Receipts: files that anybody can check without asking anybody.")


class Kind(NamedTuple):
    """A kind of receipt: the request that names what it is about, and what it is for."""

    request: type[Any]
    help: str


KINDS: Final = {
    FLOW_PROOF: Kind(GetProofRequest, "What a meter measured in a slot, signed by the grid's operator."),
    "clearing": Kind(GetBookRequest, "The record of a cleared book: volumes, prices, the critical pair."),
    "certificate": Kind(GetCertificateRequest, "A certificate of energy that flowed from a producer to a consumer."),
    "settlement": Kind(GetHouseholdRequest, "What a household paid and received for a slot."),
}


async def items_of(chain: Chain, kind: str, request: Any, seconds: float) -> tuple[Item[Any], ...]:
    """What goes into a receipt: with a flow, the key that has signed it; the grid, which says when slots are.

    Nothing of it is proved yet.

    Raises: Unverified BAD_SIGNATURE, Unavailable, GatewayError.
    """
    about = item_of(request)
    signer = await _signing_key(chain, request, seconds) if kind == FLOW_PROOF else ()
    return (about, *signer, *await _grid(chain, request, seconds))


async def _grid(chain: Chain, request: Any, seconds: float) -> tuple[Item[Any], ...]:
    """The record of the grid that a receipt is about; none where there is no such certificate."""
    if not isinstance(request, GetCertificateRequest):
        return (at.GRIDS.at(at.grid_prefix(request.vdg)),)
    certificate = (await chain.query(request, patience_seconds=seconds)).certificate
    return () if certificate is None else (at.GRIDS.at(at.grid_prefix(certificate.vdg)),)


async def _signing_key(chain: Chain, request: GetProofRequest, seconds: float) -> tuple[Item[Any], ...]:
    """The proof key in force, or the one before it, that signed a flow; none where there is no such flow."""
    proof = (await chain.query(request, patience_seconds=seconds)).proof
    if proof is None:
        return ()
    statement = FlowStatement(chain.chain_id, request.vdg, request.slot, proof.account, proof.flow_wh, proof.meter)
    async for page in chain.pages(ListProofKeysRequest(request.vdg)):
        for key in page.proof_keys:
            if signed_by(key.proof_key, statement, proof.signature):
                return (at.PROOF_KEYS.at(at.grid_prefix(request.vdg) + key.proof_key),)
    text = f"no proof key that {request.vdg} ever had, as the gateway says, has signed the flow of slot {request.slot}"
    raise Unverified(Reason.BAD_SIGNATURE, text)


async def _export(chain: Chain, trust: TrustSection, kind: str, request: Any, seconds: float) -> ProofFile:
    return await prove(chain, trust, await items_of(chain, kind, request, seconds), kind, seconds)


def _exporter_of(kind: str) -> Any:
    @with_groups
    def export(
        fields: dict[str, Any],
        out: Annotated[Path, typer.Option("--out", help="The file to write.")],
        gateway: GatewayOptions,
        trusted: TrustOptions,
        as_json: JsonOption = False,
        timeout: TimeoutOption = 30.0,
        keys: KeysOption = None,
    ) -> None:
        request = message_from(KINDS[kind].request, fields, KeyFolder(keys))
        trust = trusted.section()
        file = gateway.run(timeout, lambda chain: _export(chain, trust, kind, request, timeout))
        tell_written(out, file, write_file(out, file), as_json)

    return export


for _kind, _its in KINDS.items():
    app.command(_kind, help=_its.help)(command_for(_its.request, _exporter_of(_kind)))
