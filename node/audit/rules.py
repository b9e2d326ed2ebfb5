"""Which message is judged by what, and who may send it (docs/transactions.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from node.audit import (
    accounts,
    certificates,
    devices,
    governance,
    grids,
    ledger,
    orders,
    phases,
    proofs,
    sessions,
    settling,
)
from node.audit.case import Case
from wire.accounts import AdmitAccount, Role, RotateKey, SetFrozen, SetRoles
from wire.asset import DeclareAvailability, RegisterAsset, RemoveAsset
from wire.control import (
    CloseControl,
    ConfirmPhase,
    OpenControl,
    PostPhaseOrder,
    PostSignal,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
)
from wire.flowproof import SubmitProofs
from wire.governance import Approve, Propose, Withdraw
from wire.grid import AddMember, CreateGrid, SetCaps, SetProofKey, SetRebates, SetSupplier, SetTariff
from wire.ledger import Burn, Mint, PayDebt, Transfer
from wire.market import CancelOrder, PlaceOrder
from wire.settlement import DeclareFlow, FundRewards, RetireCertificate, TransferCertificate


class Rule(NamedTuple):
    """The module a message belongs to, the roles of which its sender needs one (none: anybody), and its judge."""

    module: str
    roles: tuple[Role, ...]
    judge: Callable[[Case, Any], None]


_ANYBODY: tuple[Role, ...] = ()
_REGISTRAR, _ISSUER, _DSO = (Role.ROLE_REGISTRAR,), (Role.ROLE_ISSUER,), (Role.ROLE_DSO,)
_OPERATOR = (Role.ROLE_OPERATOR,)
_AT_HOME = (Role.ROLE_HOUSEHOLD, Role.ROLE_CONTROLLER)
_SUPPLIER, _HOUSEHOLD = (Role.ROLE_SUPPLIER,), (Role.ROLE_HOUSEHOLD,)

RULES: dict[type[Any], Rule] = {
    AdmitAccount: Rule("accounts", _REGISTRAR, accounts.admit),
    SetRoles: Rule("accounts", _REGISTRAR, accounts.set_roles),
    RotateKey: Rule("accounts", _ANYBODY, accounts.rotate),
    SetFrozen: Rule("accounts", _REGISTRAR, accounts.set_frozen),
    Mint: Rule("ledger", _ISSUER, ledger.mint),
    Burn: Rule("ledger", _ISSUER, ledger.burn),
    Transfer: Rule("ledger", _ANYBODY, ledger.transfer),
    PayDebt: Rule("ledger", _ANYBODY, ledger.pay_debt),
    CreateGrid: Rule("grid", _REGISTRAR, grids.create),
    AddMember: Rule("grid", _DSO, grids.add_member),
    SetTariff: Rule("grid", _SUPPLIER, grids.set_tariff),
    SetRebates: Rule("grid", _DSO, grids.set_rebates),
    SetCaps: Rule("grid", _DSO, grids.set_caps),
    SetProofKey: Rule("grid", _DSO, grids.set_proof_key),
    SetSupplier: Rule("grid", _REGISTRAR, grids.set_supplier),
    RegisterAsset: Rule("asset", _DSO, devices.register),
    RemoveAsset: Rule("asset", _DSO, devices.remove),
    DeclareAvailability: Rule("asset", _HOUSEHOLD, devices.declare),
    PlaceOrder: Rule("market", _HOUSEHOLD, orders.place),
    CancelOrder: Rule("market", _HOUSEHOLD, orders.cancel),
    SubmitProofs: Rule("flowproof", _ANYBODY, proofs.submit),
    DeclareFlow: Rule("settlement", _HOUSEHOLD, settling.declare),
    FundRewards: Rule("settlement", _ANYBODY, ledger.fund_rewards),
    TransferCertificate: Rule("settlement", _ANYBODY, certificates.transfer),
    RetireCertificate: Rule("settlement", _ANYBODY, certificates.retire),
    RegisterSwitch: Rule("control", _DSO, phases.register),
    RemoveSwitch: Rule("control", _DSO, phases.remove),
    SetSwitchingLimits: Rule("control", _REGISTRAR, phases.set_limits),
    PostPhaseOrder: Rule("control", _DSO, phases.post),
    ConfirmPhase: Rule("control", _AT_HOME, phases.confirm),
    OpenControl: Rule("control", _DSO, sessions.begin),
    PostSignal: Rule("control", _DSO, sessions.signal),
    CloseControl: Rule("control", _DSO, sessions.close),
    Propose: Rule("governance", _OPERATOR, governance.propose),
    Approve: Rule("governance", _OPERATOR, governance.approve),
    Withdraw: Rule("governance", _OPERATOR, governance.withdraw),
}
