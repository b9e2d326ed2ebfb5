"""The fields of a plan's file, each with its limits; what they mean together is checked in `file_check`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from clients.household.planner.appliance import Appliance
from clients.household.planner.battery import Battery
from clients.household.planner.car import Car
from clients.household.planner.heat_store import HeatStore
from clients.household.planner.problem import Problem
from clients.household.planner.vector import Vector, vector

MAX_SLOTS = 4032
"""Four weeks of ten minutes."""

# Beyond these (ten megawatts in a home, a thousand euro per kWh, ...) a value is a mistake in its unit; and the solver
# would lose digits.
_MAX_ENERGY_WH = 1e7
_MAX_POWER_W = 1e7
_MAX_PRICE_NEUR_PER_WH = 1e9
_MAX_SECONDS = 86_400
_MAX_DEVICES = 20
_MAX_NAME = 60
_COLDEST_C, _HOTTEST_C = -100.0, 200.0


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


EnergyWh = Annotated[float, Field(ge=0, le=_MAX_ENERGY_WH)]
PowerW = Annotated[float, Field(ge=0, le=_MAX_POWER_W)]
PriceNeurPerWh = Annotated[float, Field(ge=0, le=_MAX_PRICE_NEUR_PER_WH)]
Share = Annotated[float, Field(ge=0, le=1)]
Efficiency = Annotated[float, Field(gt=0, le=1)]
TemperatureC = Annotated[float, Field(ge=_COLDEST_C, le=_HOTTEST_C)]
Slot = Annotated[int, Field(ge=0, le=MAX_SLOTS)]
Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME, pattern=r"^[\w .-]*$")]
_A_SLOT = Field(min_length=1, max_length=MAX_SLOTS)
Energies = Annotated[list[EnergyWh], _A_SLOT]
Prices = Annotated[list[PriceNeurPerWh], _A_SLOT]
Contracts = Annotated[list[Annotated[float, Field(ge=-_MAX_ENERGY_WH, le=_MAX_ENERGY_WH)]], _A_SLOT]
# Written as one number or one a slot; a list of one number or of one a slot once read.
SlotEnergies = Annotated[list[EnergyWh], _A_SLOT, BeforeValidator(_one_or_many)]
SlotTemperatures = Annotated[list[TemperatureC], _A_SLOT, BeforeValidator(_one_or_many)]
SlotFactors = Annotated[list[Annotated[float, Field(gt=0, le=20)]], _A_SLOT, BeforeValidator(_one_or_many)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class BatteryFields(_Fields):
    """``battery``, or an entry of ``batteries``: see `Battery`."""

    capacity_wh: Annotated[float, Field(gt=0, le=_MAX_ENERGY_WH)]
    energy_wh: EnergyWh
    min_soc: Share
    max_soc: Share
    power_w: PowerW
    end_energy_wh: EnergyWh | None = None
    max_cycles: Annotated[float, Field(ge=0, le=1e6)] | None = None
    charge_efficiency: Efficiency = 1.0
    discharge_efficiency: Efficiency = 1.0
    wear_neur_per_wh: PriceNeurPerWh = 0.0
    name: Name = "battery"

    def device(self) -> Battery:
        """The battery that is meant; ``max_cycles`` full cycles are twice the capacity each."""
        throughput = None if self.max_cycles is None else 2.0 * self.capacity_wh * self.max_cycles
        return Battery(**self.model_dump(exclude={"max_cycles"}), max_throughput_wh=throughput)


class CarFields(_Fields):
    """An entry of ``cars``: see `Car`."""

    needed_wh: EnergyWh
    power_w: PowerW
    departure_slot: Slot
    arrival_slot: Slot = 0
    charge_efficiency: Efficiency = 1.0
    name: Name = "car"

    def device(self) -> Car:
        """The car that is meant."""
        return Car(**self.model_dump())


class HeatStoreFields(_Fields):
    """An entry of ``heat_stores``: see `HeatStore`."""

    temperature_c: TemperatureC
    heat_capacity_wh_per_k: Annotated[float, Field(gt=0, le=1e9)]
    power_w: PowerW
    min_c: SlotTemperatures
    max_c: SlotTemperatures
    heat_per_wh: SlotFactors = [1.0]
    demand_wh: SlotEnergies = [0.0]
    loss_w_per_k: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    surroundings_c: SlotTemperatures = [20.0]
    end_c: TemperatureC | None = None
    name: Name = "heat store"

    def device(self) -> HeatStore:
        """The heat store that is meant."""
        lists = {name: _number_or_vector(value) for name, value in self if isinstance(value, list)}
        return HeatStore(**{**dict(self), **lists})


class ApplianceFields(_Fields):
    """An entry of ``appliances``: see `Appliance`."""

    profile_wh: Energies
    deadline_slot: Slot
    earliest_slot: Slot = 0
    name: Name = "appliance"

    def device(self) -> Appliance:
        """The appliance that is meant."""
        return Appliance(tuple(self.profile_wh), self.deadline_slot, self.earliest_slot, self.name)


class PlanFile(_Fields):
    """A whole file: see `Problem`."""

    load_wh: Energies
    pv_wh: Energies
    buy_price_neur_per_wh: Prices
    sell_price_neur_per_wh: Prices
    slot_seconds: Annotated[float, Field(gt=0, le=_MAX_SECONDS)]
    grid_limit_w: PowerW
    battery: BatteryFields | None = None
    batteries: Annotated[list[BatteryFields], Field(max_length=_MAX_DEVICES)] = []
    cars: Annotated[list[CarFields], Field(max_length=_MAX_DEVICES)] = []
    heat_stores: Annotated[list[HeatStoreFields], Field(max_length=_MAX_DEVICES)] = []
    appliances: Annotated[list[ApplianceFields], Field(max_length=_MAX_DEVICES)] = []
    contracted_wh: Contracts | None = None
    sell_only_surplus: bool = False

    def problem(self) -> Problem:
        """The problem that is meant."""
        batteries = self.batteries if self.battery is None else [self.battery]
        return Problem(
            load_wh=vector(self.load_wh),
            pv_wh=vector(self.pv_wh),
            buy_price_neur_per_wh=vector(self.buy_price_neur_per_wh),
            sell_price_neur_per_wh=vector(self.sell_price_neur_per_wh),
            slot_seconds=self.slot_seconds,
            grid_limit_w=self.grid_limit_w,
            contracted_wh=None if self.contracted_wh is None else vector(self.contracted_wh),
            batteries=tuple(fields.device() for fields in batteries),
            cars=tuple(fields.device() for fields in self.cars),
            heat_stores=tuple(fields.device() for fields in self.heat_stores),
            appliances=tuple(fields.device() for fields in self.appliances),
            sell_only_surplus=self.sell_only_surplus,
        )


def _number_or_vector(values: list[float]) -> float | Vector:
    return values[0] if len(values) == 1 else vector(values)
