"""A heat pump or a water heater with a thermal store."""

from __future__ import annotations

from clients.household.devices.flexible_device import FlexibleDevice
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from wire.device import HeatRating, HeatState


class HeatPump(FlexibleDevice[HeatRating, HeatState]):
    """Comfort is the device's own business: it refuses, or ends, what would leave the band."""

    rating_type = HeatRating
    state_type = HeatState

    @property
    def stored_share(self) -> float | None:
        """How full the comfort band is: 0 at its lower end, 1 at its upper; outside it below 0 or above 1."""
        if self.rating is None or self.state is None or self.rating.comfort_max_wh == self.rating.comfort_min_wh:
            return None
        band_wh = self.rating.comfort_max_wh - self.rating.comfort_min_wh
        return (self.state.store_wh - self.rating.comfort_min_wh) / band_wh

    def _check_power(self, power_w: int, rating: HeatRating, state: HeatState, /) -> None:
        if power_w and state.store_wh >= rating.comfort_max_wh:
            raise CommandRefused(f"{self.name}'s store is at {state.store_wh} Wh, its upper end: set 0 W or wait")
        if not power_w and state.store_wh <= rating.comfort_min_wh:
            raise CommandRefused(f"{self.name}'s store is at {state.store_wh} Wh, its lower end: let it heat")

    def _check_state(self, state: HeatState, rating: HeatRating, /) -> None:
        if state.store_wh > rating.store_max_wh:
            raise Refused(
                Fault.IMPLAUSIBLE, f"store_wh is {state.store_wh}; {rating.store_max_wh} is the store's most: check it"
            )

    def _may_undo(self, state: HeatState) -> bool:
        rating = self.rating
        return rating is None or not rating.comfort_min_wh < state.store_wh < rating.comfort_max_wh
