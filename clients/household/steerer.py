"""The set points of homes: for the slot that comes, and in the running one where it goes elsewhere."""

from __future__ import annotations

from clients.household.home import Home, Steering
from clients.household.link import Link

# A set point that is not obeyed is sent again so often in a slot, and no oftener.
_CORRECTIONS = 3


class Steerer:
    """Sends what is to be set, once each; ``link`` carries it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._sent: dict[str, dict[int, Steering]] = {}
        self._corrected: dict[str, tuple[int, int]] = {}

    def steer(self, home: Home, slot: int) -> None:
        """Set the battery for a planned slot, where that changed."""
        sent = self._sent.setdefault(home.id, {})
        wanted = home.steering(slot)
        if wanted is None and slot in sent:
            wanted = Steering(slot, "self")
        if wanted is not None and wanted != sent.get(slot):
            self._send(home, wanted)

    def measured(self, home: Home, now: int) -> None:
        """Its inverter told how the running slot goes: set it right where it goes elsewhere."""
        wanted = home.correction(self._sent.get(home.id, {}).get(now), now)
        slot, times = self._corrected.get(home.id, (now, 0))
        times = times if slot == now else 0
        if wanted is not None and times < _CORRECTIONS:
            self._corrected[home.id] = (now, times + 1)
            self._send(home, wanted)

    def ask(self, home: Home, slot: int, flow_wh: int) -> None:
        """Real-time control asks for a net flow in the running slot or a later one; it comes before the plan."""
        home.asked_wh[slot] = flow_wh
        self.steer(home, slot)

    def forget_before(self, home: Home, slot: int) -> None:
        """Drop what concerns slots that are over."""
        self._link.forget_before(home.id, slot)
        for by_slot in (self._sent.get(home.id, {}), home.asked_wh):
            for old in [number for number in by_slot if number < slot]:
                del by_slot[old]

    def _send(self, home: Home, wanted: Steering) -> None:
        self._sent.setdefault(home.id, {})[wanted.slot] = wanted
        self._link.steer(home.id, wanted)
