"""The genesis that the tests start from: one VDG of four homes, and who serves it."""

from __future__ import annotations

from typing import Any

from tests.app.keyring import address, public_key_of

CHAIN_ID = "vdg-test"
VDG = "lilas"
EPOCH_S = 1_700_006_400
SLOT_SECONDS = 600
# One slot before slot 0, so that the members are there from slot 0 on.
GENESIS_S = EPOCH_S - SLOT_SECONDS
HOMES = ("ann", "bob", "cid", "dee")
BUY_PRICE, SELL_PRICE = 180_000, 60_000
EUR = 10**9
# 6 kW deliver 1,000 Wh a slot.
PV_POWER_W = 6_000


def grid(**changes: Any) -> dict[str, Any]:
    """The VDG's part of the genesis."""
    part: dict[str, Any] = {
        "vdg": VDG,
        "epoch_s": EPOCH_S,
        "slot_seconds": SLOT_SECONDS,
        "dso": address("dso").hex(),
        "supplier": address("supplier").hex(),
        "proof_key": public_key_of("prover").hex(),
        "reward_rate_neur_per_wh": 1_000,
        "deviation_neur_per_wh2": 10,
        "proof_deadline_slots": 6,
        "buy_price_neur_per_wh": [BUY_PRICE],
        "sell_price_neur_per_wh": [SELL_PRICE],
        "members": [{"account": address(home).hex(), "meter": f"meter-{home}"} for home in HOMES],
    }
    return part | changes


def genesis(**changes: Any) -> dict[str, Any]:
    """The whole document; ``changes`` replace its parts."""
    roles = {
        "registrar": ["registrar"],
        "issuer": ["issuer"],
        "dso": ["dso"],
        "supplier": ["supplier"],
        "oscar": ["operator"],
        "olga": ["operator"],
        **{home: ["household"] for home in HOMES},
    }
    rich = {"dso": 1_000 * EUR, "supplier": 1_000 * EUR, **dict.fromkeys(HOMES, 100 * EUR)}
    document: dict[str, Any] = {
        "validators": [
            {"public_key": public_key_of("validator-1").hex(), "operator": address("oscar").hex()},
            {"public_key": public_key_of("validator-2").hex(), "operator": address("olga").hex()},
        ],
        "accounts": {
            "accounts": [
                {"public_key": public_key_of(name).hex(), "roles": its_roles, "label": name}
                for name, its_roles in roles.items()
            ]
        },
        "ledger": {
            "balances": [
                *({"account": address(name).hex(), "amount_neur": neur} for name, neur in rich.items()),
                {"reward_pool": VDG, "amount_neur": 10 * EUR},
            ]
        },
        "grid": {"grids": [grid()]},
        "asset": {
            "assets": [
                {
                    "asset_id": f"pv-{home}",
                    "vdg": VDG,
                    "owner": address(home).hex(),
                    "kind": "pv",
                    "power_w": PV_POWER_W,
                }
                for home in HOMES
            ]
        },
    }
    return document | changes
