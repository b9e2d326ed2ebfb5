"""What a battery is set to: for a slot that comes, and in the running one where it goes elsewhere."""

from __future__ import annotations

from typing import NamedTuple

from clients.common.slots import SLOTS_PER_HOUR
from clients.household.battery import BatteryLimits
from clients.household.measurements import Running
from clients.household.plan import PlannedSlot
from wire.mqtt import Mode

# Wh that a slot may go elsewhere by before its set point is sent again.
SAME_FLOW_WH = 5


class Steering(NamedTuple):
    """What the battery should do in a slot, and what may flow into the grid: a set point without its number."""

    slot: int
    mode: Mode
    power_w: int | None = None
    grid_wh: int | None = None
    export_limit_w: int | None = None


class Store(NamedTuple):
    """A battery that holds ``energy_wh``; ``usable`` are its limits without what is kept for outages, and without the
    room that is kept for real-time control."""

    limits: BatteryLimits
    usable: BatteryLimits
    energy_wh: int

    @property
    def spare_wh(self) -> int:
        """What may be taken out."""
        return max(0, self.energy_wh - self.usable.min_wh)

    @property
    def is_reserved(self) -> bool:
        """Whether the inverter, which knows the nameplate's limits alone, has to be kept from using the reserve."""
        return self.usable.min_wh > self.limits.min_wh

    @property
    def room_wh(self) -> int:
        """What may be taken in, at the terminals."""
        return -self.usable.possible_wh(self.energy_wh, -self.usable.slot_wh)

    @property
    def keeps_room(self) -> bool:
        """Whether the inverter has to be kept from filling the battery to the nameplate's limit."""
        return self.usable.max_wh < self.limits.max_wh

    @property
    def for_control(self) -> Store:
        """The battery as real-time control may use it: with the room that is kept for it."""
        return self._replace(usable=self.usable._replace(max_wh=self.limits.max_wh))

    def charging(self, slot: int) -> Steering:
        """Charge with full power, as long as there is room."""
        return Steering(slot, "power", power_w=-self.limits.slot_wh * SLOTS_PER_HOUR)

    def giving(self, slot: int, left: float = 1.0) -> Steering:
        """Give what may be taken out in what is left of a slot, and no more."""
        power_wh = min(self.spare_wh, int(self.limits.slot_wh * left))
        return Steering(slot, "power", power_w=int(power_wh * SLOTS_PER_HOUR / left) if left > 0 else 0)

    def taking(self, slot: int, left: float = 1.0) -> Steering:
        """Take what may be taken in in what is left of a slot, and no more."""
        power_wh = min(self.room_wh, int(self.limits.slot_wh * left))
        return Steering(slot, "power", power_w=-int(power_wh * SLOTS_PER_HOUR / left) if left > 0 else 0)


def steering_of(planned: PlannedSlot, contracted_wh: int, store: Store, gap_wh: int) -> Steering | None:
    """How a planned slot is set; None where plain self-consumption is right. ``gap_wh``: load less PV, as forecast."""
    if planned.hold:
        # Held back from covering the deficit; what was bought above the load may still charge it.
        return Steering(planned.slot, "power", power_w=0)
    target_wh = planned.target_wh(contracted_wh)
    if store.is_reserved and gap_wh - target_wh > store.spare_wh:
        return store.giving(planned.slot)
    # A flow that is planned on purpose holds until the slot itself shows that it fills the room, see `corrected`.
    if store.keeps_room and planned.follow_wh is None and target_wh - gap_wh > store.room_wh:
        return store.taking(planned.slot)
    return Steering(planned.slot, "follow", grid_wh=target_wh) if target_wh else None


def corrected(sent: Steering | None, running: Running, store: Store) -> Steering | None:
    """What to set in the running slot so that it ends where ``sent`` meant; None where it does, or can't.

    A slot that is heading elsewhere although the battery could do better has not heard its set point, which is sent
    again. Energy that was to be held back needn't be where the sun is stronger than the load; a reserve is held
    whatever was sent.
    """
    now, gives_wh = running.slot, running.battery_w / SLOTS_PER_HOUR * running.left
    if store.is_reserved and gives_wh > store.spare_wh + SAME_FLOW_WH:
        return store.giving(now, running.left)
    if store.keeps_room and -gives_wh > store.room_wh + SAME_FLOW_WH:
        return store.taking(now, running.left)
    if sent is None:
        return None
    if (
        sent.mode == "power"
        and sent.power_w is not None
        and sent.power_w >= 0
        and running.gap_w < 0
        and not (store.keeps_room and store.room_wh <= SAME_FLOW_WH)
    ):
        return Steering(now, "self")
    if sent.mode != "follow" or sent.grid_wh is None:
        return None
    # What the battery gives in the rest of the slot as it runs, and what it lacks of what it would have to.
    lacks_wh = running.flow_wh - sent.grid_wh
    better_wh = store.usable.reachable_wh(store.energy_wh, round(gives_wh + lacks_wh), running.left)
    return sent if abs(better_wh - gives_wh) > SAME_FLOW_WH else None
