"""Certificates: verified ecoins, one a Wh that flowed under a contract (MODEL section 3)."""

from __future__ import annotations

from abci_app.core.context import Context, State
from abci_app.modules.settlement.keys import CERTIFICATES, HOLDERS, HOLDINGS
from wire.market import Contract
from wire.settlement import Certificate, CertificateMinted, Holding


def mint(context: Context, contract: Contract, energy_wh: int) -> None:
    """Mint a contract's certificate into its buyer's hands. A contract settles once, so this runs once."""
    certificate = Certificate(
        contract.contract_id, contract.vdg, contract.slot, contract.seller, contract.buyer, energy_wh
    )
    CERTIFICATES.put(context.state, contract.contract_id.encode(), certificate)
    change_holding(context.state, contract.contract_id, contract.buyer, energy_wh)
    context.emit(CertificateMinted(certificate))


def held_wh(state: State, certificate_id: str, holder: bytes) -> int:
    """How much of a certificate an account holds (Wh)."""
    holding = HOLDINGS.get(state, holder + certificate_id.encode())
    return holding.energy_wh if holding else 0


def change_holding(state: State, certificate_id: str, holder: bytes, by_wh: int) -> None:
    """Add to or take from a holding; one of zero is gone."""
    energy = held_wh(state, certificate_id, holder) + by_wh
    name = certificate_id.encode()
    for collection, key in ((HOLDINGS, holder + name), (HOLDERS, name + b"\x00" + holder)):
        if energy:
            collection.put(state, key, Holding(certificate_id, holder, energy))
        else:
            collection.delete(state, key)
