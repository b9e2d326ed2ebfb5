"""Declaring supplier flows, funding rewards, passing on and retiring certificates."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.api import require_account
from abci_app.modules.grid.api import require_future_slots, require_grid, require_member, watch_slot
from abci_app.modules.ledger.api import move
from abci_app.modules.module import Action
from abci_app.modules.names import slot_account_key
from abci_app.modules.settlement.certificates import change_holding, held_wh
from abci_app.modules.settlement.keys import CERTIFICATES, DECLARATIONS
from wire.accounts import Role
from wire.ledger import Moved, account_holder, reward_pool
from wire.results import Code
from wire.settlement import (
    Certificate,
    CertificateRetired,
    CertificateTransferred,
    Declaration,
    DeclareFlow,
    FlowDeclared,
    FundRewards,
    RetireCertificate,
    TransferCertificate,
)

MAX_FLOW_WH = 10**6


def check_declare(message: DeclareFlow) -> None:
    """Fields of DeclareFlow."""
    check.name("vdg", message.vdg)
    check.at_most("supplier_flow_wh (magnitude)", abs(message.supplier_flow_wh), MAX_FLOW_WH)


def declare(context: Context, message: DeclareFlow) -> None:
    """Raises: Refusal UNKNOWN_VDG, NOT_A_MEMBER, SLOT_OUT_OF_RANGE, SUPERSEDED."""
    state, account = context.state, context.sender
    grid = require_grid(state, message.vdg)
    require_member(state, message.vdg, account)
    require_future_slots(grid, context.time_s, message.slot, 1)
    key = slot_account_key(message.vdg, message.slot, account)
    current = DECLARATIONS.get(state, key) or Declaration()
    if current.nonce > context.nonce:
        raise Refusal(
            Code.SUPERSEDED,
            f"nonce = {context.nonce}: the declaration with nonce {current.nonce} is newer and stays",
        )
    # After this point the action must succeed.
    DECLARATIONS.put(state, key, Declaration(message.supplier_flow_wh, context.nonce))
    watch_slot(context, grid, message.slot)
    context.emit(FlowDeclared(message.vdg, message.slot, account, message.supplier_flow_wh))


def check_fund(message: FundRewards) -> None:
    """Fields of FundRewards."""
    check.name("vdg", message.vdg)
    check.positive("amount_neur", message.amount_neur)


def fund(context: Context, message: FundRewards) -> None:
    """Raises: Refusal UNKNOWN_VDG, INSUFFICIENT_FUNDS, AMOUNT_OVERFLOW."""
    require_grid(context.state, message.vdg)
    source, pool = account_holder(context.sender), reward_pool(message.vdg)
    move(context.state, source, pool, message.amount_neur)
    # After this point the action must succeed.
    context.emit(Moved(source, pool, message.amount_neur, "fund rewards"))


def _require_held(context: Context, certificate_id: str, energy_wh: int) -> Certificate:
    """The certificate, of which the sender holds enough.

    Raises: Refusal UNKNOWN_CERTIFICATE, NOT_OWNER, ENERGY_OUT_OF_RANGE.
    """
    certificate = CERTIFICATES.get(context.state, certificate_id.encode())
    if certificate is None:
        raise Refusal(
            Code.UNKNOWN_CERTIFICATE,
            f"certificate_id = {certificate_id!r}: no such certificate; list your holdings",
        )
    held = held_wh(context.state, certificate_id, context.sender)
    if not held:
        raise Refusal(Code.NOT_OWNER, f"certificate_id = {certificate_id!r}: the sender holds nothing of it")
    if energy_wh > held:
        raise Refusal(Code.ENERGY_OUT_OF_RANGE, f"energy_wh = {energy_wh}: the sender holds {held} Wh of it")
    return certificate


def check_transfer(message: TransferCertificate) -> None:
    """Fields of TransferCertificate."""
    check.label("certificate_id", message.certificate_id, 200)
    check.address("to", message.to)
    check.positive("energy_wh", message.energy_wh)


def transfer(context: Context, message: TransferCertificate) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT, UNKNOWN_CERTIFICATE, NOT_OWNER, ENERGY_OUT_OF_RANGE."""
    require_account(context.state, "to", message.to)
    _require_held(context, message.certificate_id, message.energy_wh)
    # After this point the action must succeed.
    change_holding(context.state, message.certificate_id, context.sender, -message.energy_wh)
    change_holding(context.state, message.certificate_id, message.to, message.energy_wh)
    context.emit(CertificateTransferred(message.certificate_id, context.sender, message.to, message.energy_wh))


def check_retire(message: RetireCertificate) -> None:
    """Fields of RetireCertificate."""
    check.label("certificate_id", message.certificate_id, 200)
    check.positive("energy_wh", message.energy_wh)


def retire(context: Context, message: RetireCertificate) -> None:
    """Raises: Refusal UNKNOWN_CERTIFICATE, NOT_OWNER, ENERGY_OUT_OF_RANGE."""
    certificate = _require_held(context, message.certificate_id, message.energy_wh)
    # After this point the action must succeed.
    change_holding(context.state, message.certificate_id, context.sender, -message.energy_wh)
    retired = certificate._replace(retired_wh=certificate.retired_wh + message.energy_wh)
    CERTIFICATES.put(context.state, message.certificate_id.encode(), retired)
    context.emit(CertificateRetired(message.certificate_id, context.sender, message.energy_wh))


ACTIONS = {
    DeclareFlow: Action(check_declare, (Role.ROLE_HOUSEHOLD,), declare),
    FundRewards: Action(check_fund, (), fund),
    TransferCertificate: Action(check_transfer, (), transfer),
    RetireCertificate: Action(check_retire, (), retire),
}
