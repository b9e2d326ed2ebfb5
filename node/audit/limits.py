"""Parameters and upgrades that operators decide on, within their bounds (docs/governance.md)."""

from __future__ import annotations

from node.audit import electorate, grids
from node.audit.case import Case, Denied, require
from wire.chain import ChainParameters, UpgradePlan
from wire.control import SetSwitchingLimits
from wire.governance import (
    CancelUpgrade,
    GovernanceParameters,
    SetChainLimits,
    SetProductLimits,
    SetRewardTerms,
    UpgradeCancelled,
    UpgradePlanned,
)
from wire.grid import GridChanged
from wire.market import Product
from wire.results import Code
from wire.settlement import SettlementParameters

_MOST = 10**9


def _within(value: int, least: int, most: int) -> None:
    require(least <= value <= most, Code.OUT_OF_BOUNDS)


def chain_parameters(case: Case) -> ChainParameters:
    """The chain's limits of transactions, modules and version."""
    return case.books.parameters.get(None) or ChainParameters()


def bound_chain(_: Case, m: SetChainLimits) -> None:
    _within(m.max_expiry_s, 60, 604_800)
    for quota in m.quotas:
        _within(quota.transactions, 1, 1_000_000)


def set_chain(case: Case, m: SetChainLimits) -> None:
    changed = chain_parameters(case)._replace(max_expiry_s=m.max_expiry_s, quotas=m.quotas)
    case.books.parameters.put(None, changed)


def bound_governance(case: Case, m: GovernanceParameters) -> None:
    electorate.require_decidable(m.threshold, len(electorate.operators(case)))
    _within(m.voting_s, *electorate.VOTING_S)


def set_governance(case: Case, m: GovernanceParameters) -> None:
    case.books.governance.put(None, m)


def bound_settlement(_: Case, m: SettlementParameters) -> None:
    _within(m.payout_s, 1, 31_622_400)
    _within(m.keep_slots, 0, 1_000_000)


def set_settlement(case: Case, m: SettlementParameters) -> None:
    case.books.settling.put(None, m)


def name_product(case: Case, m: SetProductLimits) -> None:
    require(case.books.products.get(m.product) is not None, Code.UNKNOWN_PRODUCT)


def bound_product(_: Case, m: SetProductLimits) -> None:
    _within(m.max_energy_wh, 1, _MOST)
    _within(m.max_price_neur_per_wh, 1, _MOST)


def set_product(case: Case, m: SetProductLimits) -> None:
    product = case.books.products.get(m.product) or Product()
    changed = product._replace(max_energy_wh=m.max_energy_wh, max_price_neur_per_wh=m.max_price_neur_per_wh)
    case.books.products.put(m.product, changed)


def name_rewards(case: Case, m: SetRewardTerms) -> None:
    grids.found(case, m.vdg)


def bound_rewards(_: Case, m: SetRewardTerms) -> None:
    _within(m.reward_rate_neur_per_wh, 0, _MOST)
    _within(m.deviation_neur_per_wh2, 0, _MOST)
    _within(m.priority, 0, 1000)


def set_rewards(case: Case, m: SetRewardTerms) -> None:
    grid = grids.found(case, m.vdg)._replace(
        reward_rate_neur_per_wh=m.reward_rate_neur_per_wh,
        deviation_neur_per_wh2=m.deviation_neur_per_wh2,
        priority=m.priority,
    )
    case.books.grids.put(m.vdg, grid)
    case.events.append(GridChanged(grid))


def name_upgrade(case: Case, _: UpgradePlan) -> None:
    require(case.books.upgrade.get(None) is None, Code.ALREADY_EXISTS)


def bound_upgrade(case: Case, m: UpgradePlan) -> None:
    """The next version, in five blocks or more."""
    require(m.version == chain_parameters(case).app_version + 1, Code.OUT_OF_BOUNDS)
    _within(m.height - case.height, 5, 100_000_000)


def plan_upgrade(case: Case, m: UpgradePlan) -> None:
    case.books.upgrade.put(None, m)
    case.events.append(UpgradePlanned(m))


def name_cancellation(case: Case, m: CancelUpgrade) -> None:
    plan = case.books.upgrade.get(None)
    if plan is None or plan.version != m.version:
        raise Denied(Code.UNKNOWN_PROPOSAL)


def cancel_upgrade(case: Case, _: CancelUpgrade) -> None:
    case.events.append(UpgradeCancelled(case.books.upgrade.get(None)))
    case.books.upgrade.drop(None)


def name_switching(case: Case, m: SetSwitchingLimits) -> None:
    grids.found(case, m.vdg)


def bound_switching(case: Case, m: SetSwitchingLimits) -> None:
    """Only where something can be switched."""
    require("control" in chain_parameters(case).modules, Code.NOT_ALLOWED)
    _within(m.switchings_per_slot, 0, 1000)
    _within(m.switchings_per_day, 0, 144)
