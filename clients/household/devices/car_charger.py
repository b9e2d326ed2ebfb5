"""A charging point for an electric car."""

from __future__ import annotations

from clients.household.devices.change import ChangeKind
from clients.household.devices.flexible_device import FlexibleDevice
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from wire.device import CarChargerRating, CarChargerState

NEED_MOVED_WH = 100


class CarCharger(FlexibleDevice[CarChargerRating, CarChargerState]):
    """Charges only with a car; its state says what the car needs and by when."""

    rating_type = CarChargerRating
    state_type = CarChargerState

    def _check_power(self, power_w: int, _: CarChargerRating, state: CarChargerState, /) -> None:
        if power_w and not state.connected:
            raise CommandRefused(f"{self.name} has no car: connect it, or set 0 W")

    def _check_state(self, state: CarChargerState, _: CarChargerRating, /) -> None:
        if state.car_wh > state.car_capacity_wh:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"car_wh is {state.car_wh} of {state.car_capacity_wh}: a state of charge is 0 to 1, check the unit",
            )
        if state.needed_wh > state.car_capacity_wh - state.car_wh:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"needed_wh is {state.needed_wh}; {state.car_capacity_wh - state.car_wh} fit in: ask for less",
            )
        if not state.connected and state.power_w:
            raise Refused(Fault.IMPLAUSIBLE, f"power_w is {state.power_w} without a car: check the sensor")

    def _may_undo(self, state: CarChargerState) -> bool:
        return not state.connected or state.car_wh == state.car_capacity_wh

    def _compare_need(self, last: CarChargerState, state: CarChargerState) -> None:
        if state.connected != last.connected:
            self._tell(ChangeKind.NEED, "a car came" if state.connected else "the car left")
            return
        # What was charged since is no news.
        charged_wh = state.car_wh - last.car_wh
        moved_wh = abs(state.needed_wh - max(0, last.needed_wh - charged_wh))
        if state.departure_s != last.departure_s or moved_wh > NEED_MOVED_WH:
            self._tell(ChangeKind.NEED, f"the car needs {state.needed_wh} Wh by {state.departure_s}")
