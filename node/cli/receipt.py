"""`vdg receipt`: one self-contained file about a flow, a clearing, a certificate or a household's settlement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from node.cli.access import (
    DEFAULT_GATEWAY,
    CaOption,
    CertificateOption,
    GatewayOption,
    KeyFolder,
    KeysOption,
    TimeoutOption,
    TlsKeyOption,
    run_on_chain,
    tls_of,
)
from node.cli.options import command_for, message_from
from node.cli.output import JsonOption
from node.cli.proving import prove, tell_written, write_file
from node.cli.trusting import (
    DEFAULT_PERIOD_HOURS,
    GenesisOption,
    PeriodOption,
    TrustHashOption,
    TrustHeightOption,
    WitnessOption,
    trust_from,
)
from wire import state_keys as at
from wire.flowproof import GetProofRequest
from wire.market import GetBookRequest
from wire.receipts import FLOW_PROOF
from wire.settlement import GetCertificateRequest, GetHouseholdRequest
from wire.state_keys import Item
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


def items_of(kind: str, request: Any) -> tuple[Item[Any], ...]:
    """What goes into a receipt; with a flow, its grid, whose key has signed it."""
    about = item_of(request)
    return (about, at.GRIDS.at(at.grid_prefix(request.vdg))) if kind == FLOW_PROOF else (about,)


def _exporter_of(kind: str) -> Any:
    def export(
        fields: dict[str, Any],
        out: Annotated[Path, typer.Option("--out", help="The file to write.")],
        gateway: GatewayOption = DEFAULT_GATEWAY,
        genesis: GenesisOption = None,
        trust_height: TrustHeightOption = None,
        trust_hash: TrustHashOption = None,
        trusting_period_hours: PeriodOption = DEFAULT_PERIOD_HOURS,
        witness: WitnessOption = None,
        as_json: JsonOption = False,
        timeout: TimeoutOption = 30.0,
        keys: KeysOption = None,
        tls_ca: CaOption = None,
        tls_certificate: CertificateOption = None,
        tls_key: TlsKeyOption = None,
    ) -> None:
        request = message_from(KINDS[kind].request, fields, KeyFolder(keys))
        trust = trust_from(genesis, trust_height, trust_hash, trusting_period_hours, witness)
        tls = tls_of(tls_ca, tls_certificate, tls_key)
        items = items_of(kind, request)
        file = run_on_chain(gateway, tls, timeout, lambda chain: prove(chain, trust, items, kind, timeout))
        tell_written(out, file, write_file(out, file), as_json)

    return export


for _kind, _its in KINDS.items():
    app.command(_kind, help=_its.help)(command_for(_its.request, _exporter_of(_kind)))
