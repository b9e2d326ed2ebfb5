"""The genesis document of a scenario: defaults, the file's accounts, then what its ``genesis`` says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from abci_app.genesis import Genesis
from node.messages.reading import Path
from node.scenario.document import Document
from node.scenario.format import HOUSEHOLD_MONEY_NEUR, AccountEntry, ScenarioEntry
from node.scenario.keyring import Keyring
from node.scenario.problem import Problem
from node.scenario.validation import problems_of

DEFAULT_VDG = "lilas"
# Midnight UTC of 21 June 2025.
DEFAULT_EPOCH_S = 1_750_464_000
BUY_PRICE_NEUR_PER_WH, SELL_PRICE_NEUR_PER_WH = 250_000, 80_000

_BASE: Path = ("genesis",)
_ADDRESSES = frozenset(("account", "owner", "dso", "supplier", "operator", "controller"))
_PUBLIC_KEYS = frozenset(("public_key", "proof_key"))


class GenesisOutcome(NamedTuple):
    """The document as JSON and as validated, or None and what is wrong with it."""

    app_state: bytes
    genesis: Genesis | None
    problems: list[Problem]


def proof_key_name(vdg: str) -> str:
    """The name of the key that a VDG's flow proofs are signed with from the start."""
    return f"{vdg}-proof-key"


def default_vdg(overrides: Mapping[str, Any]) -> str:
    """The VDG that households belong to when nothing else is said: the first."""
    names = vdg_names(overrides)
    return names[0] if names else DEFAULT_VDG


def vdg_names(overrides: Mapping[str, Any]) -> list[str]:
    """The VDGs that the file's ``genesis`` names."""
    grids = _dig(overrides, "grid", "grids")
    entries = grids if isinstance(grids, list) else []
    return [str(entry.get("vdg", DEFAULT_VDG)) for entry in entries if isinstance(entry, Mapping)]


def build_genesis(
    document: Document, file: ScenarioEntry, accounts: Mapping[str, AccountEntry], names: Keyring
) -> GenesisOutcome:
    """Put the document together and validate it with the application's own models."""
    overrides = _named(file.genesis, names)
    data = _defaults(file, accounts, names)
    shifts = _merge(data, overrides)
    grids = _dig(data, "grid", "grids")
    if isinstance(grids, list):
        first = default_vdg(overrides)
        data["grid"]["grids"] = [_whole_grid(entry, first, accounts, names) for entry in grids]
    app_state = json.dumps(data).encode()
    try:
        return GenesisOutcome(app_state, Genesis.model_validate_json(app_state), [])
    except ValidationError as error:
        return GenesisOutcome(app_state, None, problems_of(error, document, Genesis, _BASE, shifts))


def _defaults(file: ScenarioEntry, accounts: Mapping[str, AccountEntry], names: Keyring) -> dict[str, Any]:
    """What holds before the file's ``genesis`` is looked at."""
    admitted = {name: entry for name, entry in accounts.items() if entry.roles}
    vdg = default_vdg(file.genesis)
    balances = [
        {"account": _address(names, name), "amount_neur": money}
        for name, entry in admitted.items()
        if (money := _money_neur(entry))
    ]
    return {
        "validators": [
            {"public_key": _key(names, name), "operator": _address(names, "operator")} for name in file.validators
        ],
        "accounts": {
            "accounts": [
                {"public_key": _key(names, name), "roles": list(entry.roles), "label": name}
                for name, entry in admitted.items()
            ]
        },
        "ledger": {"balances": balances},
        "grid": {"grids": [{"vdg": vdg}]},
        "asset": {"assets": [asset for name, entry in admitted.items() for asset in _devices(name, entry, vdg, names)]},
    }


def _money_neur(entry: AccountEntry) -> int:
    if entry.money_neur is not None:
        return entry.money_neur
    return HOUSEHOLD_MONEY_NEUR if "household" in entry.roles else 0


def _devices(name: str, entry: AccountEntry, vdg: str, names: Keyring) -> list[dict[str, Any]]:
    shared = {"vdg": entry.vdg or vdg, "owner": _address(names, name)}
    devices: list[dict[str, Any]] = []
    if entry.pv_w:
        devices.append({"asset_id": f"pv-{name}", "kind": "pv", "power_w": entry.pv_w, **shared})
    if entry.battery_w:
        size = {"power_w": entry.battery_w, "capacity_wh": entry.battery_wh}
        devices.append({"asset_id": f"battery-{name}", "kind": "battery", **size, **shared})
    return devices


def _whole_grid(entry: Any, first: str, accounts: Mapping[str, AccountEntry], names: Keyring) -> Any:
    """A VDG of the file with defaults for what it leaves out."""
    if not isinstance(entry, dict):
        return entry
    vdg = entry.get("vdg", first)
    members = [
        {"account": _address(names, name), "meter": meter_of(name, account)}
        for name, account in accounts.items()
        if "household" in account.roles and (account.vdg or first) == vdg
    ]
    defaults = {
        "vdg": vdg,
        "epoch_s": DEFAULT_EPOCH_S,
        "slot_seconds": 600,
        "dso": _address(names, "dso"),
        "supplier": _address(names, "supplier"),
        "proof_key": _key(names, proof_key_name(str(vdg))),
        "buy_price_neur_per_wh": [BUY_PRICE_NEUR_PER_WH],
        "sell_price_neur_per_wh": [SELL_PRICE_NEUR_PER_WH],
        "members": members,
    }
    return {**defaults, **entry}


def meter_of(name: str, entry: AccountEntry) -> str:
    """The meter of a household that is there from the start."""
    return entry.meter or f"meter-{name}"


def _merge(data: dict[str, Any], overrides: Mapping[str, Any]) -> dict[Path, int]:
    """Lay the file's settings over the defaults.

    Accounts, balances and assets of the file come after those that follow from ``accounts``; everything else replaces
    the default. Returns how many entries the lists that were added to had before.
    """
    added = {("accounts", "accounts"), ("ledger", "balances"), ("asset", "assets")}
    shifts: dict[Path, int] = {}
    for part, value in overrides.items():
        if not isinstance(value, dict) or not isinstance(data.get(part), dict):
            data[part] = value
            continue
        for field, inner in value.items():
            before = data[part].get(field)
            if (part, field) in added and isinstance(inner, list):
                shifts[(part, field)] = len(before)
                data[part][field] = before + inner
            else:
                data[part][field] = inner
    return shifts


def _named(value: Any, names: Keyring, field: str = "") -> Any:
    """The file's settings with addresses and keys in place of names."""
    if isinstance(value, dict):
        return {key: _named(item, names, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if isinstance(value, str):
        known = None
        if field in _ADDRESSES:
            known = names.address(value)
        elif field in _PUBLIC_KEYS:
            known = names.public_key(value)
        return known.hex() if known else value
    return value


def _dig(data: Mapping[str, Any], *path: str) -> Any:
    current: Any = data
    for part in path:
        current = current.get(part) if isinstance(current, Mapping) else None
    return current


def _address(names: Keyring, name: str) -> str:
    return (names.address(name) or b"").hex()


def _key(names: Keyring, name: str) -> str:
    return (names.public_key(name) or b"").hex()
