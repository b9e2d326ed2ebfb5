"""The example of a whole genesis document."""

from __future__ import annotations

import json
from typing import Any

from node.scenario.keyring import Keyring

_ACCOUNTS = {
    "registrar": "registrar",
    "issuer": "issuer",
    "dso": "dso",
    "supplier": "supplier",
    "operator": "operator",
    "anna": "household",
    "emil": "household",
    "switch": "controller",
}
_EPOCH_S = 1_750_464_000
VALIDATOR = "validator"


def example_names() -> Keyring:
    """The names of the example."""
    return Keyring(_ACCOUNTS, [VALIDATOR, "lilas-proof-key"])


def example() -> dict[str, Any]:
    """A document with an entry of every kind."""
    names = example_names()
    address = {name: (names.address(name) or b"").hex() for name in _ACCOUNTS}
    key = {name: (names.public_key(name) or b"").hex() for name in names.key_names}
    return {
        "modules": [
            "accounts",
            "ledger",
            "grid",
            "asset",
            "market",
            "flowproof",
            "settlement",
            "control",
            "governance",
        ],
        "max_expiry_s": 3600,
        "quotas": [{"role": "household", "transactions": 64}, {"role": "dso", "transactions": 256}],
        "validators": [{"public_key": key[VALIDATOR], "operator": address["operator"]}],
        "accounts": {
            "accounts": [{"public_key": key[name], "roles": [role], "label": name} for name, role in _ACCOUNTS.items()]
        },
        "ledger": {
            "balances": [
                {"account": address["anna"], "amount_neur": 100 * 10**9},
                {"account": address["dso"], "amount_neur": 1_000 * 10**9},
                {"account": address["supplier"], "amount_neur": 1_000 * 10**9},
                {"reward_pool": "lilas", "amount_neur": 10 * 10**9},
            ]
        },
        "grid": {
            "grids": [
                {
                    "vdg": "lilas",
                    "epoch_s": _EPOCH_S,
                    "slot_seconds": 600,
                    "dso": address["dso"],
                    "supplier": address["supplier"],
                    "proof_key": key["lilas-proof-key"],
                    "reward_rate_neur_per_wh": 1_000,
                    "deviation_neur_per_wh2": 100,
                    "proof_deadline_slots": 6,
                    "priority": 0,
                    "buy_price_neur_per_wh": [250_000],
                    "sell_price_neur_per_wh": [80_000],
                    "members": [
                        {"account": address["anna"], "meter": "meter-anna"},
                        {"account": address["emil"], "meter": "meter-emil"},
                    ],
                }
            ]
        },
        "asset": {
            "assets": [
                {"asset_id": "pv-emil", "vdg": "lilas", "owner": address["emil"], "kind": "pv", "power_w": 6000},
                {
                    "asset_id": "battery-emil",
                    "vdg": "lilas",
                    "owner": address["emil"],
                    "kind": "battery",
                    "power_w": 3000,
                    "capacity_wh": 6000,
                },
            ]
        },
        "market": {
            "products": [
                {
                    "name": "day_ahead",
                    "block_slots": 6,
                    "gate": "day_before",
                    "gate_slots": 72,
                    "horizon_slots": 288,
                    "max_energy_wh": 1_000_000,
                    "max_price_neur_per_wh": 1_000_000,
                },
                {"name": "intraday", "block_slots": 1, "gate": "before_start", "gate_slots": 6, "horizon_slots": 144},
                {"name": "real_time", "block_slots": 1, "gate": "before_start", "gate_slots": 1, "horizon_slots": 144},
            ]
        },
        "flowproof": {},
        "settlement": {"payout_s": 86_400, "keep_slots": 1008},
        "control": {
            "limits": [{"vdg": "lilas", "switchings_per_slot": 10, "switchings_per_day": 6}],
            "switches": [
                {
                    "vdg": "lilas",
                    "account": address["emil"],
                    "serial": "switch-emil",
                    "controller": address["switch"],
                    "feeder": "feeder-1",
                    "phase": "a",
                }
            ],
        },
        "governance": {"threshold": 1, "voting_s": 604_800},
    }


def example_json() -> str:
    """The document as JSON."""
    return json.dumps(example(), indent=2) + "\n"
