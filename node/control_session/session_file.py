"""The fields of a session's file, each with its limits; what they mean together is checked in `file_check`."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from clients.dso.control.constraint import Constraint
from clients.dso.control.law_name import LawName
from clients.household.response.homes import Homes, Vector
from node.control_session.session import Session

# Beyond these (ten MWh in a slot of one home, a thousand euro per kWh, ...) a value is a mistake in its unit.
_MAX_ENERGY_WH = 1e7
_MAX_AGGREGATE_WH = 1e11
_MAX_PRICE_NEUR_PER_WH = 1e9
_MAX_CURVATURE = 1e9
_MAX_ITERATIONS = 100_000
_MAX_PCCS = 1_000
_MAX_HOUSEHOLDS = 100_000
_MAX_NAME = 100

Id = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
EnergyWh = Annotated[float, Field(ge=-_MAX_ENERGY_WH, le=_MAX_ENERGY_WH)]
AggregateWh = Annotated[float, Field(ge=-_MAX_AGGREGATE_WH, le=_MAX_AGGREGATE_WH)]
PriceNeurPerWh = Annotated[float, Field(ge=-_MAX_PRICE_NEUR_PER_WH, le=_MAX_PRICE_NEUR_PER_WH)]
Curvature = Annotated[float, Field(ge=0, le=_MAX_CURVATURE)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PccFields(_Fields):
    """An entry of ``pcc``; a limit that is left out or null is none."""

    id: Id
    min_wh: AggregateWh | None = None
    max_wh: AggregateWh | None = None


class BatteryFields(_Fields):
    """``battery`` of a home: the limits (6.2) of its flow in the slot and its costs (6.3)."""

    min_wh: EnergyWh
    max_wh: EnergyWh
    cost_quadratic: Curvature
    cost_linear: PriceNeurPerWh


_NO_BATTERY = BatteryFields(min_wh=0.0, max_wh=0.0, cost_quadratic=0.0, cost_linear=0.0)


class HouseholdFields(_Fields):
    """An entry of ``households``; ``battery`` left out or null is none."""

    id: Id
    pcc: Id
    net_load_wh: EnergyWh
    planned_battery_wh: EnergyWh = 0.0
    market_wh: EnergyWh
    market_price_neur_per_wh: PriceNeurPerWh
    committed_wh: EnergyWh
    battery: BatteryFields | None = None
    reward_quadratic: Curvature
    supplier_price_neur_per_wh: PriceNeurPerWh
    feed_in_tariff_neur_per_wh: PriceNeurPerWh
    max_grid_wh: Annotated[float, Field(ge=0, le=_MAX_ENERGY_WH)]

    @property
    def storage(self) -> BatteryFields:
        """The battery, or one that can do nothing."""
        return self.battery or _NO_BATTERY


class SessionFile(_Fields):
    """A session's file."""

    pcc: Annotated[list[PccFields], Field(max_length=_MAX_PCCS)]
    households: Annotated[list[HouseholdFields], Field(max_length=_MAX_HOUSEHOLDS)]
    distribution_fee: Annotated[float, Field(ge=0, le=_MAX_CURVATURE)] = 0.0
    tolerance: Annotated[float, Field(gt=0, le=_MAX_AGGREGATE_WH)] = 0.1
    max_iterations: Annotated[int, Field(ge=1, le=_MAX_ITERATIONS)] = 200

    def session(self, law: LawName) -> Session:
        """The session that is meant. Presumes that `file_check` found nothing."""
        index = {pcc.id: place for place, pcc in enumerate(self.pcc)}
        return Session(
            constraint=Constraint(
                min_wh=_vector([-np.inf if pcc.min_wh is None else pcc.min_wh for pcc in self.pcc]),
                max_wh=_vector([np.inf if pcc.max_wh is None else pcc.max_wh for pcc in self.pcc]),
            ),
            homes=self.homes(),
            pcc_of=np.array([index[home.pcc] for home in self.households], dtype=np.intp),
            distribution_fee=self.distribution_fee,
            tolerance_wh=self.tolerance,
            max_iterations=self.max_iterations,
            law=law,
        )

    def homes(self) -> Homes:
        """The homes as arrays, in the file's order; the market's price is left out, since it is paid whatever flows."""
        homes = self.households
        return Homes(
            net_load_wh=_vector([home.net_load_wh for home in homes]),
            planned_battery_wh=_vector([home.planned_battery_wh for home in homes]),
            market_wh=_vector([home.market_wh for home in homes]),
            committed_wh=_vector([home.committed_wh for home in homes]),
            battery_min_wh=_vector([home.storage.min_wh for home in homes]),
            battery_max_wh=_vector([home.storage.max_wh for home in homes]),
            cost_quadratic=_vector([home.storage.cost_quadratic for home in homes]),
            cost_linear=_vector([home.storage.cost_linear for home in homes]),
            reward_quadratic=_vector([home.reward_quadratic for home in homes]),
            supplier_price_neur_per_wh=_vector([home.supplier_price_neur_per_wh for home in homes]),
            feed_in_tariff_neur_per_wh=_vector([home.feed_in_tariff_neur_per_wh for home in homes]),
            max_grid_wh=_vector([home.max_grid_wh for home in homes]),
        )


def _vector(values: list[float]) -> Vector:
    return np.array(values, dtype=np.float64)
