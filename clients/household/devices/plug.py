"""A switched socket."""

from __future__ import annotations

from clients.household.devices.flexible_device import FlexibleDevice
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from wire.device import PlugRating, PlugState

STANDBY_W = 5


class Plug(FlexibleDevice[PlugRating, PlugState]):
    """On is a set point of its whole rating, off is 0 W."""

    rating_type = PlugRating
    state_type = PlugState

    def switch(self, on: bool, until_s: int, now: Moment) -> int:
        """Switch it until ``until_s`` (Unix seconds). Returns the command's sequence number. Raises:
        CommandRefused."""
        return self.set_power(0 if self.rating is None or not on else self.rating.max_w, until_s, now)

    def _check_power(self, power_w: int, rating: PlugRating, _: PlugState, /) -> None:
        if power_w not in (0, rating.max_w):
            raise CommandRefused(f"power_w is {power_w}; a plug takes 0 or its rating, {rating.max_w}")

    def _check_state(self, state: PlugState, _: PlugRating, /) -> None:
        if not state.on and state.power_w > STANDBY_W:
            raise Refused(Fault.IMPLAUSIBLE, f"power_w is {state.power_w} though it is off: check the relay")

    def _may_undo(self, _: PlugState, /) -> bool:
        return False
