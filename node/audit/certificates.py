"""Certificates: who holds how much of which verified energy (MODEL section 3)."""

from __future__ import annotations

from node.audit import accounts
from node.audit.books import Books
from node.audit.case import Case, Denied, require
from wire.market import Contract
from wire.results import Code
from wire.settlement import (
    Certificate,
    CertificateMinted,
    CertificateRetired,
    CertificateTransferred,
    Holding,
    RetireCertificate,
    TransferCertificate,
)


def mint(case: Case, contract: Contract, energy_wh: int) -> None:
    """What flowed under a contract, into its buyer's hands."""
    certificate = Certificate(
        contract.contract_id, contract.vdg, contract.slot, contract.seller, contract.buyer, energy_wh
    )
    case.books.certificates.put(contract.contract_id, certificate)
    _hold(case.books, contract.contract_id, contract.buyer, energy_wh)
    case.events.append(CertificateMinted(certificate))


def _held(books: Books, name: str, holder: bytes) -> int:
    holding = books.holdings.get((holder, name))
    return holding.energy_wh if holding else 0


def _hold(books: Books, name: str, holder: bytes, more_wh: int) -> None:
    energy = _held(books, name, holder) + more_wh
    if energy:
        books.holdings.put((holder, name), Holding(name, holder, energy))
        books.holders.put((name, holder), Holding(name, holder, energy))
    else:
        books.holdings.drop((holder, name))
        books.holders.drop((name, holder))


def _owned(case: Case, name: str, energy_wh: int) -> Certificate:
    certificate = case.books.certificates.get(name)
    if certificate is None:
        raise Denied(Code.UNKNOWN_CERTIFICATE)
    held = _held(case.books, name, case.sender)
    require(held > 0, Code.NOT_OWNER)
    require(energy_wh <= held, Code.ENERGY_OUT_OF_RANGE)
    return certificate


def transfer(case: Case, m: TransferCertificate) -> None:
    accounts.known(case, m.to)
    _owned(case, m.certificate_id, m.energy_wh)
    _hold(case.books, m.certificate_id, case.sender, -m.energy_wh)
    _hold(case.books, m.certificate_id, m.to, m.energy_wh)
    case.events.append(CertificateTransferred(m.certificate_id, case.sender, m.to, m.energy_wh))


def retire(case: Case, m: RetireCertificate) -> None:
    certificate = _owned(case, m.certificate_id, m.energy_wh)
    _hold(case.books, m.certificate_id, case.sender, -m.energy_wh)
    retired = certificate._replace(retired_wh=certificate.retired_wh + m.energy_wh)
    case.books.certificates.put(m.certificate_id, retired)
    case.events.append(CertificateRetired(m.certificate_id, case.sender, m.energy_wh))
