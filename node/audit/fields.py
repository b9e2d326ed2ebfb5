"""What the fields of a message may hold, whatever the state (docs/transactions.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from wire.accounts import AdmitAccount, Role, RotateKey, SetFrozen, SetRoles
from wire.address import ADDRESS_BYTES, PUBLIC_KEY_BYTES
from wire.asset import Asset, AssetKind, DeclareAvailability, RegisterAsset, RemoveAsset
from wire.chain import UpgradePlan
from wire.control import (
    CloseControl,
    ConfirmPhase,
    ControlOutcome,
    ControlTerms,
    OpenControl,
    PccLimit,
    PostPhaseOrder,
    PostSignal,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
)
from wire.flowproof import SIGNATURE_BYTES, FlowProof, SubmitProofs
from wire.governance import (
    AddValidator,
    Approve,
    CancelUpgrade,
    Change,
    GovernanceParameters,
    Propose,
    RemoveValidator,
    RotateValidatorKey,
    SetChainLimits,
    SetOperator,
    SetPower,
    SetProductLimits,
    SetRewardTerms,
    Withdraw,
)
from wire.grid import AddMember, CreateGrid, Grid, SetCaps, SetProofKey, SetRebates, SetSupplier, SetTariff
from wire.ledger import Burn, Mint, PayDebt, Transfer
from wire.market import CancelOrder, PlaceOrder, Side
from wire.settlement import (
    DeclareFlow,
    FundRewards,
    RetireCertificate,
    SettlementParameters,
    TransferCertificate,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DAY_SLOTS = 144
_MAX_SLOT = 2**40
_MAX_PRICE, _MAX_POWER, _MAX_CAP, _MAX_FLOW = 10**9, 10**9, 10**12, 10**6
_MAX_AMOUNT = 2**63 - 1
_MAX_SUM, _MAX_PCCS = 10**9, 64


def _name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _serial(text: str) -> bool:
    return _SERIAL.fullmatch(text) is not None


def _text(text: str, most: int = 64) -> bool:
    """Short, and nothing in it that would break a line or a terminal."""
    return len(text) <= most and not any(
        code < 0x20 or 0x7F <= code < 0xA0 or code in (0x2028, 0x2029) for code in map(ord, text)
    )


def _address(data: bytes) -> bool:
    return len(data) == ADDRESS_BYTES


def _key(data: bytes) -> bool:
    return len(data) == PUBLIC_KEY_BYTES


def _amount(number: int) -> bool:
    return 1 <= number <= _MAX_AMOUNT


def _each(values: Sequence[int], most: int) -> bool:
    """One for each slot, at most a day's."""
    return 1 <= len(values) <= _DAY_SLOTS and max(values) <= most


def _roles(roles: tuple[Role, ...]) -> bool:
    return bool(roles) and Role.ROLE_UNSPECIFIED not in roles and all(a < b for a, b in pairwise(roles))


def _grid(grid: Grid | None) -> bool:
    return (
        grid is not None
        and _name(grid.vdg)
        and _address(grid.dso)
        and _address(grid.supplier)
        and _key(grid.proof_key)
        and 1 <= grid.slot_seconds <= 86_400
        and grid.epoch_s <= 2**40
        and max(grid.reward_rate_neur_per_wh, grid.deviation_neur_per_wh2) <= _MAX_PRICE
        and 1 <= grid.proof_deadline_slots <= 7 * _DAY_SLOTS
        and grid.priority <= 1000
        and grid.members == 0
    )


def _tariff(m: SetTariff) -> bool:
    buy, sell = m.buy_price_neur_per_wh, m.sell_price_neur_per_wh
    if not _name(m.vdg) or any(len(prices) not in (1, _DAY_SLOTS) for prices in (buy, sell)):
        return False
    day = range(_DAY_SLOTS)
    return max(buy + sell) <= _MAX_PRICE and all(sell[slot % len(sell)] <= buy[slot % len(buy)] for slot in day)


def _asset(asset: Asset | None) -> bool:
    if asset is None or not (_name(asset.asset_id) and _name(asset.vdg) and _address(asset.owner)):
        return False
    kind = asset.kind
    return (
        max(asset.power_w, asset.capacity_wh) <= _MAX_POWER
        and kind is not AssetKind.ASSET_KIND_UNSPECIFIED
        and (kind is AssetKind.ASSET_KIND_METER or asset.power_w > 0)
        and (kind is AssetKind.ASSET_KIND_BATTERY) == (asset.capacity_wh > 0)
    )


def _proof(proof: FlowProof) -> bool:
    return (
        _address(proof.account)
        and len(proof.signature) == SIGNATURE_BYTES
        and _serial(proof.meter)
        and abs(proof.flow_wh) <= _MAX_FLOW
    )


def _proofs(m: SubmitProofs) -> bool:
    return (
        _name(m.vdg)
        and m.slot <= _MAX_SLOT
        and 1 <= len(m.proofs) <= 256
        and all(map(_proof, m.proofs))
        and len({proof.account for proof in m.proofs}) == len(m.proofs)
    )


def _order(m: PlaceOrder) -> bool:
    named = _name(m.vdg) and _name(m.product) and m.slot <= _MAX_SLOT
    return named and _amount(m.energy_wh) and _amount(m.limit_price_neur_per_wh) and m.side is not Side.SIDE_UNSPECIFIED


def _phase_message(m: PostPhaseOrder | ConfirmPhase) -> bool:
    return _name(m.vdg) and m.slot <= _MAX_SLOT and _address(m.account) and bool(m.phase)


def _limit(limit: PccLimit) -> bool:
    least, most = limit.min_wh, limit.max_wh
    return (
        _name(limit.pcc)
        and 1 <= limit.homes <= 10**6
        and max(abs(least), abs(most)) <= _MAX_SUM
        and (limit.has_min or least == 0)
        and (limit.has_max or most == 0)
        and (least <= most or not (limit.has_min and limit.has_max))
        and _text(limit.min_reason, 200)
        and _text(limit.max_reason, 200)
    )


def _session_terms(terms: ControlTerms | None) -> bool:
    return (
        terms is not None
        and bool(terms.reason)
        and bool(terms.law)
        and 1 <= len(terms.pccs) <= _MAX_PCCS
        and all(map(_limit, terms.pccs))
        and len({limit.pcc for limit in terms.pccs}) == len(terms.pccs)
        and terms.distribution_fee_neur_per_wh2 <= _MAX_PRICE
        and terms.tolerance_wh <= _MAX_SUM
        and 1 <= terms.max_iterations <= 500
        and 1 <= terms.iteration_seconds <= 3600
        and len(terms.assignment_root) == 32
    )


def _in_session(m: PostSignal | CloseControl) -> bool:
    measured = len(m.aggregate_wh) <= _MAX_PCCS and all(abs(sum_wh) <= _MAX_SUM for sum_wh in m.aggregate_wh)
    return _name(m.vdg) and m.slot <= _MAX_SLOT and m.session < 2**32 and measured


def _signal(m: PostSignal) -> bool:
    prices = 1 <= len(m.neur_per_wh) <= _MAX_PCCS and all(abs(price) <= _MAX_PRICE for price in m.neur_per_wh)
    return _in_session(m) and prices and m.iteration < 2**32


def _closing(m: CloseControl) -> bool:
    by_hand = ControlOutcome.CONTROL_OUTCOME_UNSPECIFIED < m.outcome < ControlOutcome.CONTROL_OUTCOME_TIMED_OUT
    return _in_session(m) and by_hand and m.iterations < 2**32 and m.residual_wh <= _MAX_SUM


def _switch(m: RegisterSwitch) -> bool:
    named = _name(m.vdg) and _serial(m.serial) and _name(m.feeder)
    return named and _address(m.account) and (not m.controller or _address(m.controller)) and bool(m.phase)


def _change(change: Change | None) -> bool:
    given = [part for part in change or () if part is not None]
    return len(given) == 1 and _VALID[type(given[0])](given[0])


def _quotas(m: SetChainLimits) -> bool:
    """Each role at most once, in order; none is fine."""
    return not m.quotas or _roles(tuple(quota.role for quota in m.quotas))


_VALID: dict[type[Any], Callable[[Any], bool]] = {
    AdmitAccount: lambda m: _key(m.public_key) and _roles(m.roles) and _text(m.label),
    SetRoles: lambda m: _address(m.address) and _roles(m.roles),
    RotateKey: lambda m: _key(m.public_key) and len(m.proof) == SIGNATURE_BYTES,
    SetFrozen: lambda m: _address(m.address),
    Mint: lambda m: _address(m.to) and _amount(m.amount_neur),
    Burn: lambda m: _amount(m.amount_neur),
    Transfer: lambda m: _address(m.to) and _amount(m.amount_neur),
    PayDebt: lambda m: _amount(m.amount_neur) and _text(m.reason) and 1 <= len(m.creditor) <= 65,
    CreateGrid: lambda m: _grid(m.grid),
    AddMember: lambda m: _name(m.vdg) and _address(m.account) and _serial(m.meter),
    SetTariff: _tariff,
    SetRebates: lambda m: _name(m.vdg) and _each(m.rebate_neur_per_wh, _MAX_PRICE),
    SetCaps: lambda m: (
        _name(m.vdg)
        and _each(m.import_cap_wh, _MAX_CAP)
        and _each(m.export_cap_wh, _MAX_CAP)
        and len(m.import_cap_wh) == len(m.export_cap_wh)
        and _text(m.reason, 200)
    ),
    SetProofKey: lambda m: _name(m.vdg) and _key(m.proof_key),
    SetSupplier: lambda m: _name(m.vdg) and _address(m.supplier),
    RegisterAsset: lambda m: _asset(m.asset),
    RemoveAsset: lambda m: _name(m.asset_id),
    DeclareAvailability: lambda m: _name(m.vdg) and _each(m.energy_wh, _MAX_POWER),
    PlaceOrder: _order,
    CancelOrder: lambda m: _name(m.vdg) and _name(m.product) and m.slot <= _MAX_SLOT,
    SubmitProofs: _proofs,
    DeclareFlow: lambda m: _name(m.vdg) and abs(m.supplier_flow_wh) <= _MAX_FLOW,
    FundRewards: lambda m: _name(m.vdg) and _amount(m.amount_neur),
    TransferCertificate: lambda m: _text(m.certificate_id, 200) and _address(m.to) and _amount(m.energy_wh),
    RetireCertificate: lambda m: _text(m.certificate_id, 200) and _amount(m.energy_wh),
    RegisterSwitch: _switch,
    RemoveSwitch: lambda m: _name(m.vdg) and _address(m.account),
    SetSwitchingLimits: lambda m: _name(m.vdg),
    PostPhaseOrder: _phase_message,
    ConfirmPhase: _phase_message,
    OpenControl: lambda m: _name(m.vdg) and m.slot <= _MAX_SLOT and _session_terms(m.terms),
    PostSignal: _signal,
    CloseControl: _closing,
    Propose: lambda m: _change(m.change) and _text(m.reason, 500),
    Approve: lambda m: _amount(m.proposal_id),
    Withdraw: lambda m: _amount(m.proposal_id),
    # What can be proposed; AdmitAccount and SetRoles are above.
    AddValidator: lambda m: (
        _key(m.public_key) and _amount(m.power) and _address(m.operator) and len(m.proof) == SIGNATURE_BYTES
    ),
    RemoveValidator: lambda m: _key(m.public_key),
    SetPower: lambda m: _key(m.public_key) and _amount(m.power),
    RotateValidatorKey: lambda m: _key(m.public_key) and _key(m.new_public_key) and len(m.proof) == SIGNATURE_BYTES,
    SetOperator: lambda m: _key(m.public_key) and _address(m.operator),
    SetChainLimits: _quotas,
    SetProductLimits: lambda m: _name(m.product),
    SetRewardTerms: lambda m: _name(m.vdg),
    GovernanceParameters: lambda _: True,
    SettlementParameters: lambda _: True,
    UpgradePlan: lambda _: True,
    CancelUpgrade: lambda _: True,
}


def valid(message: Any) -> bool:
    """Whether a message's fields are such that it may be looked at."""
    return _VALID[type(message)](message)
