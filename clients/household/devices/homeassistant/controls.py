"""What the panel in Home Assistant needs of the household agent, and nothing more."""

from __future__ import annotations

from typing import NamedTuple, Protocol

NEUR_PER_EUR = 1_000_000_000
WH_PER_KWH = 1_000


class PanelState(NamedTuple):
    """What a home's page shows; None is shown as unknown.

    ``planned_flow_w`` is the mean of the running slot, positive = from the grid; ``price_neur_per_wh`` what a kWh from
    the grid costs now; ``earned_neur`` what the month's flows had cost at the supplier's less their bill.
    ``reserve_percent`` and ``comfort_percent`` are what the person chose (of the battery's usable energy; of the
    thermal store's band).
    ``notice``: the newest word to the person. ``limits``: what the newest plan could not hold; empty if it holds all.
    """

    state_of_charge_permille: int | None
    price_neur_per_wh: int | None
    planned_flow_w: int | None
    earned_neur: int | None
    trading_paused: bool
    reserve_percent: int
    comfort_percent: int
    notice: str = ""
    limits: str = ""

    def message(self) -> dict[str, object]:
        """As it is published: percent, EUR/kWh, W, EUR."""
        charge, price, earned = self.state_of_charge_permille, self.price_neur_per_wh, self.earned_neur
        return {
            "state_of_charge": None if charge is None else charge / 10,
            "price": None if price is None else price * WH_PER_KWH / NEUR_PER_EUR,
            "planned_flow": self.planned_flow_w,
            "earnings": None if earned is None else earned / NEUR_PER_EUR,
            "pause_trading": "ON" if self.trading_paused else "OFF",
            "reserve": self.reserve_percent,
            "comfort": self.comfort_percent,
        }


class ControlRefused(ValueError):
    """The agent can't do what the person asked; the text says why and what would do, and is shown to them."""


class HomeControls(Protocol):
    """Implemented by the agent. Called from its own event loop; each method returns at once.

    A control takes effect at once, is logged, and has an end that the agent chooses and says in the notice.
    """

    def panel(self, home: str) -> PanelState:
        """What to show now."""
        ...

    def pause_trading(self, home: str, paused: bool) -> None:
        """Place no orders, or go on. Raises: ControlRefused."""
        ...

    def charge_now(self, home: str) -> None:
        """Charge car or battery with full power. Raises: ControlRefused."""
        ...

    def set_reserve(self, home: str, percent: int) -> None:
        """Keep this much in the battery. Raises: ControlRefused."""
        ...

    def set_comfort(self, home: str, percent: int) -> None:
        """Keep the thermal store at least this warm. Raises: ControlRefused."""
        ...
