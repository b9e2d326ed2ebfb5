"""Where a simulation plays: VDGs, products, people and their money, from its seed."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from tests.app.keyring import address, public_key_of

CHAIN_ID = "vdg-sim"
EPOCH_S = 1_700_006_400
EUR = 10**9
VALIDATORS = tuple((f"validator-{number}", power) for number, power in enumerate((30, 10, 10, 7), 1))
HOMES = ("ann", "bob", "cid", "dee", "eve", "fay")
OFFICE = {
    "registrar": ["registrar"],
    "registrar-2": ["registrar"],
    "issuer": ["issuer"],
    "dso": ["dso"],
    "dso-2": ["dso"],
    "supplier": ["supplier"],
    "supplier-2": ["supplier", "household"],
    "oscar": ["operator"],
    "olga": ["operator"],
    "omar": ["operator", "registrar"],
}
# Switches' controllers.
DEVICES = ("switch-1", "switch-2")
EVERYBODY = (*HOMES, *OFFICE, *DEVICES)
PRODUCTS = (
    {"name": "day", "block_slots": 6, "gate": "day_before", "gate_slots": 72, "horizon_slots": 288},
    {"name": "early", "block_slots": 3, "gate": "before_start", "gate_slots": 2, "horizon_slots": 18},
    {"name": "late", "block_slots": 1, "gate": "before_start", "gate_slots": 1, "horizon_slots": 12},
    {"name": "now", "block_slots": 1, "gate": "before_start", "gate_slots": 0, "horizon_slots": 4},
    {"name": "pair", "block_slots": 2, "gate": "before_start", "gate_slots": 1, "horizon_slots": 12},
)


class Stage(NamedTuple):
    """The genesis, and the times that the workload needs."""

    genesis: dict[str, Any]
    vdgs: tuple[str, ...]
    slot_seconds: int

    @property
    def genesis_s(self) -> int:
        """One slot before slot 0, so that members are there from slot 0 on."""
        return EPOCH_S - self.slot_seconds


def stage_of(random: Random) -> Stage:
    """A world with one or two VDGs; in a poor one homes, suppliers, DSOs and pools run out of money."""
    slot_seconds = random.choice([4, 30, 120])
    vdgs = ("lilas", "tulip")[: random.choice([1, 1, 2])]
    rich = 10 * EUR if random.random() < 0.6 else 30_000_000
    payers = [*HOMES, "dso", "dso-2", "supplier", "supplier-2"]
    genesis: dict[str, Any] = {
        "quotas": [{"role": "household", "transactions": random.choice([3, 64])}],
        "max_expiry_s": random.choice([600, 3600]),
        "validators": [
            {"public_key": public_key_of(name).hex(), "operator": address(operator).hex()}
            for (name, _), operator in zip(VALIDATORS, ("oscar", "olga", "omar"), strict=False)
        ],
        "accounts": {"accounts": [_account(name, ["household"]) for name in HOMES]},
        "ledger": {
            "balances": [
                *({"account": address(name).hex(), "amount_neur": rich} for name in payers),
                *({"reward_pool": vdg, "amount_neur": rich} for vdg in vdgs),
            ]
        },
        "grid": {"grids": [_grid(random, vdg, slot_seconds) for vdg in vdgs]},
        "asset": {"assets": [_asset(vdg, home) for vdg in vdgs for home in HOMES[:5]]},
        "market": {"products": random.sample(PRODUCTS, random.randint(2, 4))},
        **({"governance": {"threshold": 2, "voting_s": random.choice([60, 600])}} if random.random() < 0.8 else {}),
        **({"control": _control(random, vdgs)} if random.random() < 0.8 else {}),
        "settlement": {"payout_s": slot_seconds * 7, "keep_slots": random.choice([0, 5, 40])},
    }
    genesis["accounts"]["accounts"] += [_account(name, roles) for name, roles in OFFICE.items()]
    genesis["accounts"]["accounts"] += [_account(name, ["controller"]) for name in DEVICES]
    return Stage(genesis, vdgs, slot_seconds)


def _account(name: str, roles: list[str]) -> dict[str, Any]:
    return {"public_key": public_key_of(name).hex(), "roles": roles, "label": name}


def _asset(vdg: str, home: str) -> dict[str, Any]:
    return {"asset_id": f"pv-{vdg}-{home}", "vdg": vdg, "owner": address(home).hex(), "kind": "pv", "power_w": 6_000}


def _control(random: Random, vdgs: tuple[str, ...]) -> dict[str, Any]:
    return {
        "limits": [{"vdg": vdgs[0], "switchings_per_slot": random.randint(1, 4), "switchings_per_day": 3}],
        "switches": [
            {
                "vdg": vdg,
                "account": address(home).hex(),
                "serial": f"sw-{home}",
                "controller": address(random.choice(DEVICES)).hex(),
                "feeder": "feeder-1",
                "phase": random.choice("abc"),
            }
            for vdg in vdgs
            for home in HOMES[:3]
        ],
    }


def _grid(random: Random, vdg: str, slot_seconds: int) -> dict[str, Any]:
    second = vdg == "tulip"
    return {
        "vdg": vdg,
        "epoch_s": EPOCH_S,
        "slot_seconds": slot_seconds,
        "dso": address("dso-2" if second else "dso").hex(),
        "supplier": address("supplier-2" if second else "supplier").hex(),
        "proof_key": public_key_of(f"prover-{vdg}").hex(),
        "reward_rate_neur_per_wh": random.choice([0, 1_000, 60_000]),
        "deviation_neur_per_wh2": random.choice([0, 10, 5_000, 10**9]),
        "proof_deadline_slots": random.randint(1, 4),
        "buy_price_neur_per_wh": [180_000],
        "sell_price_neur_per_wh": [60_000],
        "members": [{"account": address(home).hex(), "meter": f"meter-{home}"} for home in HOMES[:5]],
    }
