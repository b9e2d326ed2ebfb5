"""All flexible loads of one home: planned together with its battery, then commanded slot by slot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.devices import CarCharger, HeatPump, Moment, Plug
from clients.household.devices.flexible_device import FlexibleDevice
from clients.household.flexible.appliance_load import ApplianceLoad
from clients.household.flexible.car_load import CarLoad
from clients.household.flexible.heat_load import HeatLoad
from clients.household.flexible.load import Horizon, Load
from clients.household.flexible.section import DeviceKind, DeviceSection
from clients.household.forecasting.forecast import SlotForecast
from clients.household.measurements import Running
from clients.household.person.wishes import Wishes
from clients.household.planner.appliance import Appliance
from clients.household.planner.battery import Battery
from clients.household.planner.car import Car
from clients.household.planner.heat_store import HeatStore
from clients.household.planner.planner import Planner
from clients.household.planner.problem import SECONDS_PER_HOUR, Problem
from clients.household.planner.solver import PlanningFailed
from clients.household.planner.vector import vector
from clients.household.steering import Store
from clients.household.terms import Terms
from wire.mqtt import Topics

log = logging.getLogger(__name__)

# By how much a slot is taken to be dearer than the one before, so that of equal slots the first is taken: what is
# charged is there if the car leaves early. Heat is made as late as it can be: a store that is low has room for sun.
_SLOPE = 1e-4
# Wh of a slot that a device is not set anew for.
_SAME_WH = 5
_CORRECTIONS = 3


class Around(NamedTuple):
    """What the loads are planned around: the house, its battery (None without one), contracts, prices."""

    now: int
    forecast: Sequence[SlotForecast]
    position: Callable[[int], int]
    terms: Terms
    store: Store | None
    wishes: Wishes


class FlexibleLoads:
    """``planner`` may be shared by all homes of a process."""

    def __init__(self, home: str, loads: Sequence[Load], planner: Planner, grid_limit_w: int) -> None:
        self.home = home
        self.loads = list(loads)
        self._planner = planner
        self._grid_limit_w = grid_limit_w
        self._told: set[tuple[int, tuple[str, ...]]] = set()
        self._corrected = (-1, 0)
        # Which limits the last plan could not hold, how far they gave and which of them bind, in words.
        self.relaxed: tuple[str, ...] = ()

    @property
    def devices(self) -> list[FlexibleDevice]:  # type: ignore[type-arg]  # of any kind
        """Their drivers, for a roster."""
        return [load.device for load in self.loads]

    @property
    def car_is_there(self) -> bool:
        """Whether "charge now" has a car to charge."""
        return any(isinstance(load, CarLoad) and load.is_there for load in self.loads)

    def scheduled_wh(self, slot: int) -> int:
        """What all are to take in a slot."""
        return sum(load.schedule.get(slot, 0) for load in self.loads)

    def plan(self, around: Around) -> list[SlotForecast]:
        """Plan what each is to take from the next slot on; returns the forecast with it."""
        first = around.now + 1
        slots = range(first, around.now + len(around.forecast))
        horizon = Horizon(slots, around.terms.clock, around.wishes)
        for load in self.loads:
            if isinstance(load, HeatLoad):
                load.observe(around.now)
        needs = [(load, load.need(horizon)) for load in self.loads]
        for load, need in needs:
            if need is None:
                load.clear(slots)
        wanted = [(load, need) for load, need in needs if need is not None]
        self.relaxed = ()
        if wanted:
            try:
                self._solve(around, horizon, wanted)
            except PlanningFailed as error:
                # The schedules of before hold as far as they reach; then the devices are on their own.
                self.relaxed = (f"{error}; the devices keep to the schedules of before",)
                self._tell(around.now // SLOTS_PER_DAY, ("failed",))
        return [
            _with(expected, self._expected_wh(around.now + index, horizon))
            for index, expected in enumerate(around.forecast)
        ]

    def command(self, slot: int, terms: Terms, now: Moment) -> None:
        """Set all for a slot that runs."""
        for load in self.loads:
            load.command(slot, terms.clock, load.target_w(slot), now)

    def follow(self, running: Running, target_wh: int, terms: Terms, now: Moment) -> None:
        """Let the running slot end at a net flow, as far as cars and heat stores have room; at most thrice a slot.

        Waits while a device has not answered: the telemetry may be of before it obeyed.
        """
        slot, times = self._corrected
        times = times if slot == running.slot else 0
        missing_wh = target_wh - running.flow_wh
        if abs(missing_wh) <= _SAME_WH or running.left <= 0 or times >= _CORRECTIONS:
            return
        if any(load.device.unanswered.some for load in self.loads):
            return
        missing_w = missing_wh * SLOTS_PER_HOUR / running.left
        for load in self.loads:
            state = load.device.state
            if not isinstance(load, CarLoad | HeatLoad) or state is None or load.target_w(running.slot) is None:
                continue
            least_w, most_w = load.may_take_w(running.slot)
            # Only ever towards the target: what is planned may be nearer to a limit than following may go.
            towards_w = (
                min(most_w, state.power_w + missing_w) if missing_w > 0 else max(least_w, state.power_w + missing_w)
            )
            if (towards_w - state.power_w) * missing_w <= 0:
                continue
            wanted_w = load.possible_w(towards_w)
            if abs(wanted_w - state.power_w) * running.left / SLOTS_PER_HOUR > _SAME_WH:
                load.command(running.slot, terms.clock, wanted_w, now)
                missing_w -= wanted_w - state.power_w
                self._corrected = (running.slot, times + 1)

    def forget_before(self, slot: int) -> None:
        """Drop what concerns slots that are over."""
        for load in self.loads:
            load.forget_before(slot)

    def _expected_wh(self, slot: int, horizon: Horizon) -> int:
        until = horizon.clock.slot_at(horizon.wishes.charge_until_s - 1) if horizon.wishes.charge_until_s else -1
        if slot <= until:
            return sum((load.target_w(slot) or 0) // SLOTS_PER_HOUR for load in self.loads)
        return self.scheduled_wh(slot)

    def _solve(
        self, around: Around, horizon: Horizon, wanted: Sequence[tuple[Load, Car | HeatStore | Appliance]]
    ) -> None:
        slots, terms = horizon.slots, around.terms
        fixed = [
            sum(load.schedule.get(slot, 0) for load in self.loads if load not in [each for each, _ in wanted])
            for slot in slots
        ]
        forecast = around.forecast[1:]
        steps = np.arange(len(slots))
        slope = 1.0 + _SLOPE * (steps[::-1] if any(isinstance(need, HeatStore) for _, need in wanted) else steps)
        sell = vector([terms.sell_price(slot) for slot in slots])
        problem = Problem(
            load_wh=vector([each.load_wh + more for each, more in zip(forecast, fixed, strict=True)]),
            pv_wh=vector([each.pv_wh for each in forecast]),
            buy_price_neur_per_wh=np.maximum(vector([terms.buy_price(slot) for slot in slots]) * slope, sell),
            sell_price_neur_per_wh=sell,
            slot_seconds=SECONDS_PER_HOUR / SLOTS_PER_HOUR,
            grid_limit_w=float(self._grid_limit_w),
            contracted_wh=vector([around.position(slot) for slot in slots]),
            batteries=(_battery(around.store, terms.buy_price(slots.stop)),) if around.store is not None else (),
            cars=tuple(need for _, need in wanted if isinstance(need, Car)),
            heat_stores=tuple(need for _, need in wanted if isinstance(need, HeatStore)),
            appliances=tuple(need for _, need in wanted if isinstance(need, Appliance)),
            sell_only_surplus=True,
            first_slot=slots.start,
        )
        plan = self._planner.plan(problem)
        self.relaxed = plan.relaxed
        self._tell(around.now // SLOTS_PER_DAY, tuple(f"{each.limit.field} {each.owner}" for each in plan.relaxations))
        taken = {each.name: each.charge_wh for each in plan.cars}
        taken |= {each.name: each.heater_wh for each in plan.heat_stores}
        taken |= {each.name: each.appliance_wh for each in plan.appliances}
        for load, _ in wanted:
            load.take(horizon, [float(energy_wh) for energy_wh in taken[load.name]])

    def _tell(self, day: int, kind: tuple[str, ...]) -> None:
        """Log what a plan could not hold, once a day for the same limits."""
        self._told = {(told, what) for told, what in self._told if told == day}
        if kind and (day, kind) not in self._told:
            self._told.add((day, kind))
            log.warning("%s: %s", self.home, "; ".join(self.relaxed))


def loads_of(home: str, sections: Sequence[DeviceSection], topics: Topics) -> list[Load]:
    """The loads that a home's configuration lists."""
    made: list[Load] = []
    for section in sections:
        if section.kind is DeviceKind.CAR_CHARGER:
            made.append(CarLoad(CarCharger(home, section.id, topics, section.most_w)))
        elif section.appliance is not None:
            made.append(ApplianceLoad(Plug(home, section.id, topics, section.most_w), section.appliance))
        else:
            made.append(HeatLoad(HeatPump(home, section.id, topics, section.most_w)))
    return made


def _battery(store: Store, worth_neur_per_wh: int) -> Battery:
    """The battery as the loads reckon with it: within its limits, what is left being worth the next slot's price."""
    usable = store.usable
    capacity_wh = float(usable.capacity_wh or usable.max_wh)
    return Battery(
        capacity_wh=capacity_wh,
        energy_wh=float(max(store.energy_wh, usable.min_wh)),
        power_w=float(usable.slot_wh * SLOTS_PER_HOUR),
        min_soc=usable.min_wh / capacity_wh,
        max_soc=usable.max_wh / capacity_wh,
        charge_efficiency=usable.efficiency_permille / 1000,
        end_worth_neur_per_wh=float(worth_neur_per_wh),
    )


def _with(expected: SlotForecast, more_wh: int) -> SlotForecast:
    """A slot's forecast with what the flexible loads take, which is sure."""
    if not more_wh:
        return expected
    surplus_wh = max(0, expected.pv_wh - expected.load_wh) if not expected.sure_deficit_wh else 0
    return SlotForecast(
        expected.load_wh + more_wh,
        expected.pv_wh,
        max(0, expected.sure_deficit_wh + more_wh - surplus_wh),
        max(0, expected.sure_surplus_wh - more_wh),
    )
