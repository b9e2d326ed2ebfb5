"""Twelve homes on two PCCs with the station's meter, on the real state machine, for sessions of control."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clients.common.slots import SlotClock
from clients.dso.control.answers import Answers, Patience
from clients.dso.control.constraint import Demand, Flexibility
from clients.dso.control.law_name import LawName
from clients.dso.control.live_session import Ended, LiveSession
from clients.dso.control.settings import ControlSettings
from clients.dso.grid_chain import Outcome
from clients.household.response.best_response import best_response
from clients.household.response.homes import Homes
from tests.control.app_control_chain import VDG, AppControlChain
from wire.answered import Answered
from wire.control import ControlReason, PccLimit, PostSignal
from wire.results import Code
from wire.station import PccNow, StationNow

HOMES, SLOT_SECONDS = 12, 600
NAMES = [f"h{number}" for number in range(HOMES)]
PCCS = (("f1", "a"), ("f1", "b"))
Vector = NDArray[np.float64]
ROOT = bytes(32)


def homes_of(seed: int = 3) -> Homes:
    random = np.random.default_rng(seed)
    net = random.uniform(-600, 100, HOMES)
    planned = random.uniform(-50, 50, HOMES)

    def all_(value: float) -> Vector:
        return np.full(HOMES, value)

    return Homes(
        net_load_wh=net,
        planned_battery_wh=planned,
        market_wh=np.zeros(HOMES),
        committed_wh=net - planned,
        battery_min_wh=all_(-400.0),
        battery_max_wh=all_(400.0),
        cost_quadratic=random.uniform(5, 20, HOMES),
        cost_linear=all_(100_000.0),
        reward_quadratic=all_(10.0),
        supplier_price_neur_per_wh=all_(150_000.0),
        feed_in_tariff_neur_per_wh=all_(100_000.0),
        max_grid_wh=all_(2_800.0),
    )


class Street:
    """Twelve homes on two PCCs and the station's meter. ``answer`` turns best responses into what really flows."""

    def __init__(self, chain: AppControlChain, clock: SlotClock) -> None:
        self.homes = homes_of()
        self.pcc_of = np.arange(HOMES) % 2
        self.flow_wh = self.homes.committed_wh.copy()
        self.answer: Callable[[Vector, Vector, int], Vector] = lambda best, _before, _iteration: best
        self.says: Callable[[int, int], bool] = lambda _home, _iteration: False
        """Whether a home says that it has answered a signal."""
        self.answered: dict[str, Answered] = {}
        self.tampered: Callable[[StationNow], StationNow | None] = lambda now: now
        self._clock = clock
        chain.executed = self._executed

    def _executed(self, message: Any, outcome: Outcome) -> None:
        if isinstance(message, PostSignal) and outcome.code is Code.OK:
            signal = np.array(message.neur_per_wh, np.float64)[self.pcc_of]
            self.flow_wh = self.answer(best_response(self.homes, signal), self.flow_wh, message.iteration)
            told = Answered(
                slot=message.slot,
                session=message.session,
                iteration=message.iteration,
                since_ms=int(time.time() * 1000),
            )
            self.answered |= {name: told for number, name in enumerate(NAMES) if self.says(number, message.iteration)}

    @property
    def sums_wh(self) -> Vector:
        return np.bincount(self.pcc_of, weights=self.flow_wh).astype(np.float64)

    @property
    def now(self) -> StationNow | None:
        time_s = time.time()
        left = 1 - (time_s - self._clock.start_s(self._clock.slot_at(time_s))) / SLOT_SECONDS
        pccs = tuple(
            PccNow(feeder=feeder, phase=phase, energy_wh=round(wh / 2), power_w=round(wh / 2 / left * 6))  # type: ignore[arg-type] # a phase
            for (feeder, phase), wh in zip(PCCS, self.sums_wh, strict=True)
        )
        now = StationNow(station="s", slot=self._clock.slot_at(time_s), time_ms=int(time_s * 1000), pccs=pccs)
        return self.tampered(now)

    async def news(self, timeout_s: float) -> None:
        await asyncio.sleep(min(timeout_s, 0.002))

    @property
    def flexibility(self) -> Flexibility:
        swing = np.full(2, 6 * 800.0)
        return Flexibility(self.sums_wh - swing, self.sums_wh + swing, np.full(2, 6 / 20), HOMES)


class Stage:
    """A chain, a street, and a session to run."""

    def __init__(self, law: LawName = LawName.SECANT, slot_seconds: int = SLOT_SECONDS, **settings: Any) -> None:
        self.chain = AppControlChain(2, slot_seconds)
        self.clock = SlotClock(self.chain.epoch_s, slot_seconds)
        self.street = Street(self.chain, self.clock)
        self.patience = Patience(0.004, 0.02, 0.1)
        self.settings = ControlSettings.model_validate(
            {"network": "thesis-50", "homes_csv": "/none", "law": law, "tolerance_wh": 10} | settings
        )

    def demand(self, least_wh: tuple[int, int]) -> Demand:
        limits = tuple(
            PccLimit(f"{feeder}-{phase}", 6, True, wh) for (feeder, phase), wh in zip(PCCS, least_wh, strict=True)
        )
        return Demand(0, ControlReason.CONTROL_REASON_VOLTAGE, limits, "too much")

    @property
    def answers(self) -> Answers:
        pccs = [f"{feeder}-{phase}" for feeder, phase in PCCS]
        return Answers(self.street, self.clock, 0, pccs, frozenset(NAMES), self.patience)

    def session(self, least_wh: tuple[int, int], start: tuple[int, ...] = ()) -> LiveSession:
        demand, flexibility = self.demand(least_wh), self.street.flexibility
        return LiveSession(VDG, demand, flexibility, self.chain, self.answers, self.clock, self.settings, start=start)

    def run(self, least_wh: tuple[int, int]) -> Ended:
        return asyncio.run(self.session(least_wh).run(ROOT))

    def least(self, more_wh: int = 600) -> tuple[int, int]:
        """Limits above what flows without control by so many Wh."""
        one, two = (round(float(wh)) + more_wh for wh in self.street.sums_wh)
        return one, two
