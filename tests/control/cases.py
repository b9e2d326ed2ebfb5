"""Random sessions, and files of them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from clients.dso.control.law_name import LawName
from node.control_session.read_file import parse_session
from node.control_session.session import Outcome, Session, run_session

File = dict[str, Any]
PCCS = ("a", "b", "c")


class Prices(NamedTuple):
    """P_u and P_f, neur/Wh. Between them a signal moves no home: the wider apart, the more iterations."""

    supplier: int
    feed_in: int


WIDE = Prices(450_000, 150_000)
# Section 6.6.2, in the hours of 10 to 14 h in which control ran.
THESIS_NOON = Prices(150_000, 100_000)


def session_file(
    seed: int, *, households: int = 50, fee: float = 0.0, tightness: float | None = None, prices: Prices = WIDE
) -> File:
    """A sunny slot: six of ten homes with a battery, and every PCC must lower what it feeds in, within what it can."""
    random = np.random.default_rng(seed)
    file: File = {"pcc": [], "households": [], "distribution_fee": fee}
    for index in range(households):
        net_load_wh = float(random.normal(-200, 300))
        stored = random.random() < 0.6
        planned_wh = float(random.normal(0, 50)) if stored else 0.0
        committed_wh = net_load_wh - planned_wh + float(random.normal(0, 80))
        limit_wh = float(random.uniform(50, 800))
        battery = {"min_wh": -limit_wh, "max_wh": limit_wh, "cost_quadratic": float(random.uniform(50, 800))}
        home = {
            "id": f"h{index}",
            "pcc": PCCS[index % 3],
            "net_load_wh": net_load_wh,
            "planned_battery_wh": planned_wh,
            "market_wh": committed_wh * float(random.uniform(0, 1)),
            "market_price_neur_per_wh": 300_000,
            "committed_wh": committed_wh,
            "battery": battery | {"cost_linear": float(random.uniform(0, 20_000))} if stored else None,
            "reward_quadratic": float(random.uniform(5, 300)),
            "supplier_price_neur_per_wh": prices.supplier,
            "feed_in_tariff_neur_per_wh": prices.feed_in,
            "max_grid_wh": 5_000,
        }
        file["households"].append(home)
    for name in PCCS:
        low, high = attainable_wh(file, name)
        share = float(random.uniform(0.05, 0.6)) if tightness is None else tightness
        file["pcc"].append({"id": name, "min_wh": low + share * (high - low), "max_wh": high + 1.0})
    return file


def attainable_wh(file: File, pcc: str) -> tuple[float, float]:
    """The least and the greatest aggregate that a PCC's homes can reach."""
    low = high = 0.0
    for home in file["households"]:
        if home["pcc"] == pcc:
            battery = home["battery"] or {"min_wh": 0, "max_wh": 0}
            low += max(home["net_load_wh"] - battery["max_wh"], -home["max_grid_wh"])
            high += min(home["net_load_wh"] - battery["min_wh"], home["max_grid_wh"])
    return low, high


def session_of(file: File, law: LawName = LawName.SECANT) -> Session:
    return parse_session(json.dumps(file).encode()).session(law)


def outcome_of(file: File, law: LawName = LawName.SECANT) -> Outcome:
    return run_session(session_of(file, law))
