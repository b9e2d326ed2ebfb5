"""A house's load where nothing measures it: what the meter counted in a slot and what the sun gave in it."""

from __future__ import annotations

from clients.common.slots import SLOTS_PER_HOUR
from clients.household.devices import SlotFlow

_KEPT = 144


class MeteredLoad:
    """Adds up the inverter's power by slot, each power holding until the next."""

    def __init__(self, epoch_s: int, slot_seconds: int) -> None:
        self._epoch_s = epoch_s
        self._slot_seconds = slot_seconds
        self._since: float | None = None
        self._power_w = 0
        self._first_whole: int | None = None
        self._sun_wh: dict[int, float] = {}

    def sun(self, unix_s: float, power_w: int) -> None:
        """From a Unix time on the inverter gives ``power_w``. A clock that was set back by a slot begins anew."""
        at = (unix_s - self._epoch_s) / self._slot_seconds
        if self._since is None or at < self._since - 1.0:
            self._sun_wh.clear()
            self._first_whole = int(at // 1) + 1
            self._since = at
        for slot, sun_wh in self._until(at).items():
            self._sun_wh[slot] = self._sun_wh.get(slot, 0.0) + sun_wh
        self._since, self._power_w = max(at, self._since), power_w
        for old in [slot for slot in self._sun_wh if slot < at - _KEPT]:
            del self._sun_wh[old]

    def of(self, flow: SlotFlow) -> dict[int, float]:
        """Load by slot (Wh), mean where the meter tells of several at once; slots that weren't seen whole are left
        out."""
        slots = range(flow.first_slot, flow.last_slot + 1)
        if self._first_whole is None or slots.start < self._first_whole:
            return {}
        # The reading comes before the inverter is asked again, and by the meter's clock.
        rest = self._until(float(slots.stop))
        sun_wh = sum(self._sun_wh.get(slot, 0.0) + rest.get(slot, 0.0) for slot in slots)
        return dict.fromkeys(slots, max(0.0, (flow.net_wh + sun_wh) / len(slots)))

    def _until(self, end: float) -> dict[int, float]:
        """What the last power makes by slot, up to ``end`` (in slots)."""
        at = end if self._since is None else self._since
        sun_wh: dict[int, float] = {}
        while at < end:
            slot = int(at // 1)
            until = min(end, slot + 1.0)
            sun_wh[slot] = self._power_w * (until - at) / SLOTS_PER_HOUR
            at = until
        return sun_wh
