"""The genesis document of a run: the thesis's tariffs (5.3, 6.2), accounts with money, homes with devices."""

from __future__ import annotations

from typing import Any

from clients.common.slots import SLOTS_PER_DAY
from node.run.cast import Actor, Cast
from node.run.scenario import GridPlan
from node.run.timing import INTRADAY_GATE_SLOTS, NOON_SLOT, DayAhead

VDG = "les-lilas"
# 15 c€/kWh until 17:00 and 20 c€/kWh from then on; feed-in 10 c€/kWh (thesis 5.3, 6.2).
_EVENING_SLOT = 17 * 6
TARIFF_BUY_NEUR_PER_WH = tuple(150_000 if slot < _EVENING_SLOT else 200_000 for slot in range(SLOTS_PER_DAY))
TARIFF_SELL_NEUR_PER_WH = (100_000,) * SLOTS_PER_DAY
# At most 2 c€/kWh of rebate (thesis 4.6.1).
MAX_REBATE_NEUR_PER_WH = 20_000
# R is half a cent a kWh; a deviation of 100 Wh costs 0.01 cent of it (6.6).
REWARD_RATE_NEUR_PER_WH = 5_000
DEVIATION_NEUR_PER_WH2 = 10
PROOF_DEADLINE_SLOTS = 6

# The standard products; single slots are open no further ahead than the last hours say anything.
_BLOCK_SLOTS = 6
_DAY_AHEAD = {
    "name": "day_ahead", "block_slots": _BLOCK_SLOTS, "gate": "day_before", "gate_slots": NOON_SLOT,
    "horizon_slots": 2 * SLOTS_PER_DAY,
}  # fmt: skip
_SINGLE_SLOTS = [
    {
        "name": "intraday",
        "block_slots": 1,
        "gate": "before_start",
        "gate_slots": INTRADAY_GATE_SLOTS,
        "horizon_slots": 12,
    },
    {"name": "real_time", "block_slots": 1, "gate": "before_start", "gate_slots": 1, "horizon_slots": 3},
]

EUR = 10**9
_HOME_NEUR, _COMPANY_NEUR, _POOL_NEUR = 100 * EUR, 5_000 * EUR, 100 * EUR


def app_state(
    cast: Cast,
    validator_keys: tuple[bytes, ...],
    epoch_s: int,
    slot_seconds: int,
    day_ahead: DayAhead | None = None,
    plan: GridPlan | None = None,
) -> dict[str, Any]:
    """The ``app_state``. ``validator_keys`` are the consensus keys in the order of the operators."""
    households = [actor for _, actor in cast.households]
    companies = [(cast.registrar, "registrar"), (cast.issuer, "issuer"), (cast.dso, "dso"), (cast.supplier, "supplier")]
    accounts = [_account(actor, role) for actor, role in companies]
    accounts += [_account(actor, "operator") for actor in cast.operators]
    accounts += [_account(actor, "household") for actor in households]
    balances: list[dict[str, Any]] = [_balance(actor, _COMPANY_NEUR) for actor in (cast.dso, cast.supplier)]
    balances += [_balance(actor, _HOME_NEUR) for actor in households]
    balances.append({"reward_pool": VDG, "amount_neur": _POOL_NEUR})
    if plan is not None:
        accounts.append(_account(cast.controller, "controller"))
    state: dict[str, Any] = {
        "validators": [
            {"public_key": key.hex(), "operator": operator.address.hex()}
            for key, operator in zip(validator_keys, cast.operators, strict=True)
        ],
        "accounts": {"accounts": accounts},
        "ledger": {"balances": balances},
        "grid": {"grids": [_grid(cast, epoch_s, slot_seconds)]},
        "asset": {"assets": _assets(cast)},
        "market": {"products": [_day_ahead(day_ahead or DayAhead()), *_SINGLE_SLOTS]},
        "settlement": {"payout_s": 24 * slot_seconds},
        "governance": {},
    }
    if plan is not None:
        state["control"] = {"switches": [_switch(cast, plan, home) for home in plan.switched]}
    return state


def _switch(cast: Cast, plan: GridPlan, home_id: str) -> dict[str, Any]:
    feeder, phase = plan.connection_of(home_id)
    owner = next(actor for home, actor in cast.households if home.id == home_id)
    return {
        "vdg": VDG,
        "account": owner.address.hex(),
        "serial": f"VDG-SWITCH-{home_id}",
        "controller": cast.controller.address.hex(),
        "feeder": feeder,
        "phase": phase,
    }


def _day_ahead(chosen: DayAhead) -> dict[str, Any]:
    """Hourly blocks: the standard product, or one that closes later, with two or three blocks open at any time."""
    if chosen.gate_slots is None:
        return _DAY_AHEAD
    horizon = chosen.gate_slots + 3 * _BLOCK_SLOTS
    return _DAY_AHEAD | {"gate": "before_start", "gate_slots": chosen.gate_slots, "horizon_slots": horizon}


def _account(actor: Actor, role: str) -> dict[str, Any]:
    return {"public_key": actor.public_key.hex(), "roles": [role], "label": actor.name}


def _balance(actor: Actor, amount_neur: int) -> dict[str, Any]:
    return {"account": actor.address.hex(), "amount_neur": amount_neur}


def _grid(cast: Cast, epoch_s: int, slot_seconds: int) -> dict[str, Any]:
    return {
        "vdg": VDG,
        "epoch_s": epoch_s,
        "slot_seconds": slot_seconds,
        "dso": cast.dso.address.hex(),
        "supplier": cast.supplier.address.hex(),
        "proof_key": cast.proof_key.public_key.hex(),
        "reward_rate_neur_per_wh": REWARD_RATE_NEUR_PER_WH,
        "deviation_neur_per_wh2": DEVIATION_NEUR_PER_WH2,
        "proof_deadline_slots": PROOF_DEADLINE_SLOTS,
        "buy_price_neur_per_wh": list(TARIFF_BUY_NEUR_PER_WH),
        "sell_price_neur_per_wh": list(TARIFF_SELL_NEUR_PER_WH),
        "members": [{"account": actor.address.hex(), "meter": home.meter} for home, actor in cast.households],
    }


def _assets(cast: Cast) -> list[dict[str, Any]]:
    """PV by its peak power, batteries by their power and size, as the DSO would register them."""
    assets: list[dict[str, Any]] = []
    for home, actor in cast.households:
        common = {"vdg": VDG, "owner": actor.address.hex()}
        if home.pv_wp:
            assets.append(common | {"asset_id": f"{home.id}.pv", "kind": "pv", "power_w": home.pv_wp})
        if home.battery:
            battery = {"power_w": home.battery.power_w, "capacity_wh": home.battery.capacity_wh}
            assets.append(common | battery | {"asset_id": f"{home.id}.battery", "kind": "battery"})
        assets.append(common | {"asset_id": f"{home.id}.meter", "kind": "meter"})
    return assets
