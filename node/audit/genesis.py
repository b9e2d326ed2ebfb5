"""The books as the genesis document opens them (docs/genesis.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from node.audit import accounts, devices, electorate, grids, phases, validators
from node.audit.case import Case
from node.audit.clock import wait
from node.audit.money import pay
from wire.accounts import AdmitAccount, Role
from wire.asset import Asset, AssetKind
from wire.chain import ChainParameters, Moment, Quota, Validator
from wire.control import Phase, RegisterSwitch, SetSwitchingLimits
from wire.governance import GovernanceParameters
from wire.grid import AddMember, CreateGrid, Grid, SetTariff
from wire.ledger import ISSUANCE, account_holder, reward_pool
from wire.market import GateKind, Product
from wire.settlement import SettlementParameters

MODULES = ("accounts", "ledger", "grid", "asset", "market", "flowproof", "settlement")
# The version of the chain's rules that this auditor knows.
RULES_VERSION = 1
_QUOTAS = {"household": 64, "dso": 256, "supplier": 64, "issuer": 256, "registrar": 256}
_DEFAULT_QUOTAS = [{"role": role, "transactions": count} for role, count in _QUOTAS.items()]
_DAY_BEFORE, _BEFORE_START = "day_before", "before_start"
_GATES = {_BEFORE_START: GateKind.GATE_KIND_BEFORE_START, _DAY_BEFORE: GateKind.GATE_KIND_DAY_BEFORE}
_DEFAULT_PRODUCTS: list[dict[str, Any]] = [
    {"name": "day_ahead", "block_slots": 6, "gate": _DAY_BEFORE, "gate_slots": 72, "horizon_slots": 288},
    {"name": "intraday", "block_slots": 1, "gate": _BEFORE_START, "gate_slots": 6, "horizon_slots": 144},
    {"name": "real_time", "block_slots": 1, "gate": _BEFORE_START, "gate_slots": 1, "horizon_slots": 144},
]

Part = Mapping[str, Any]


def write(case: Case, powers: Sequence[tuple[bytes, int]], app_state: bytes) -> None:
    """Open the books with a document that the application has taken; what it leaves out has its default."""
    document: Part = json.loads(app_state)
    asked_for = [name for name in ("control", "governance") if name in document]
    modules = tuple(document.get("modules", (*MODULES, *asked_for)))
    quotas = tuple(
        Quota(_role(entry["role"]), entry["transactions"]) for entry in document.get("quotas", _DEFAULT_QUOTAS)
    )
    expiry_s = document.get("max_expiry_s", 3600)
    parameters = ChainParameters(expiry_s, quotas, modules, case.time_s, case.chain_id, RULES_VERSION)
    case.books.parameters.put(None, parameters)
    operators = {entry["public_key"].lower(): entry["operator"] for entry in document.get("validators", ())}
    for key, power in powers:
        operator = bytes.fromhex(operators.get(key.hex(), ""))
        case.books.validators.put(key, Validator(key, power, operator))
    for name, open_part in _PARTS.items():
        if name in modules:
            open_part(case, document.get(name, {}))


def _role(name: str) -> Role:
    return Role[f"ROLE_{name.upper()}"]


def _accounts(case: Case, part: Part) -> None:
    for entry in part.get("accounts", ()):
        roles = tuple(sorted({_role(name) for name in entry["roles"]}))
        accounts.open_account(case, AdmitAccount(bytes.fromhex(entry["public_key"]), roles, entry.get("label", "")))


def _ledger(case: Case, part: Part) -> None:
    for entry in part.get("balances", ()):
        account = entry.get("account")
        holder = account_holder(bytes.fromhex(account)) if account else reward_pool(entry["reward_pool"])
        pay(case.books, ISSUANCE, holder, entry["amount_neur"])


def _grid(case: Case, part: Part) -> None:
    for entry in part.get("grids", ()):
        grid = Grid(
            vdg=entry["vdg"],
            epoch_s=entry["epoch_s"],
            slot_seconds=entry["slot_seconds"],
            dso=bytes.fromhex(entry["dso"]),
            supplier=bytes.fromhex(entry["supplier"]),
            proof_key=bytes.fromhex(entry["proof_key"]),
            reward_rate_neur_per_wh=entry.get("reward_rate_neur_per_wh", 0),
            deviation_neur_per_wh2=entry.get("deviation_neur_per_wh2", 0),
            proof_deadline_slots=entry.get("proof_deadline_slots", 6),
            priority=entry.get("priority", 0),
        )
        grids.create(case, CreateGrid(grid))
        buy, sell = entry["buy_price_neur_per_wh"], entry["sell_price_neur_per_wh"]
        grids.post_tariff(case, grid, SetTariff(grid.vdg, 0, tuple(buy), tuple(sell)))
        for member in entry.get("members", ()):
            joining = AddMember(grid.vdg, bytes.fromhex(member["account"]), member["meter"])
            grids.connect(case, grids.found(case, grid.vdg), joining)


def _asset(case: Case, part: Part) -> None:
    for entry in part.get("assets", ()):
        owner, kind = bytes.fromhex(entry["owner"]), AssetKind[f"ASSET_KIND_{entry['kind'].upper()}"]
        size = entry.get("power_w", 0), entry.get("capacity_wh", 0)
        devices.add(case, Asset(entry["asset_id"], entry["vdg"], owner, kind, *size))


def _market(case: Case, part: Part) -> None:
    for entry in part.get("products", _DEFAULT_PRODUCTS):
        product = Product(
            entry["name"],
            entry["block_slots"],
            _GATES[entry["gate"]],
            entry["gate_slots"],
            entry["horizon_slots"],
            entry.get("max_energy_wh", 10**9),
            entry.get("max_price_neur_per_wh", 10**7),
        )
        case.books.products.put(product.name, product)


def _settlement(case: Case, part: Part) -> None:
    settling = SettlementParameters(part.get("payout_s", 86_400), part.get("keep_slots", 1008))
    case.books.settling.put(None, settling)
    wait(case.books, Moment.MOMENT_PAYOUT, case.time_s + settling.payout_s)


def _control(case: Case, part: Part) -> None:
    for entry in part.get("limits", ()):
        allowed = entry.get("switchings_per_slot", 10), entry.get("switchings_per_day", 6)
        phases.set_limits(case, SetSwitchingLimits(entry["vdg"], *allowed))
    for entry in part.get("switches", ()):
        account, controller = bytes.fromhex(entry["account"]), bytes.fromhex(entry.get("controller") or "")
        phase = Phase[f"PHASE_{entry['phase'].upper()}"]
        switch = RegisterSwitch(entry["vdg"], account, entry["serial"], controller, entry["feeder"], phase)
        phases.add(case, switch)


def _governance(case: Case, part: Part) -> None:
    operators = tuple(address for address, one in case.books.accounts.of() if Role.ROLE_OPERATOR in one.roles)
    threshold = part.get("threshold") or 2 * len(operators) // 3 + 1
    case.books.governance.put(None, GovernanceParameters(threshold, part.get("voting_s", 604_800)))
    electorate.seat(case, operators)
    for _, validator in case.books.validators.of():
        validators.register(case, validator)


_PARTS: dict[str, Callable[[Case, Part], None]] = {
    "accounts": _accounts,
    "ledger": _ledger,
    "grid": _grid,
    "asset": _asset,
    "market": _market,
    "settlement": _settlement,
    "control": _control,
    "governance": _governance,
}
