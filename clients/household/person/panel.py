"""The homes' pages in Home Assistant: what they show of the agent, and what the person does there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from clients.common.slots import SLOTS_PER_HOUR
from clients.household.bill import month_of_home
from clients.household.database import Database
from clients.household.devices.homeassistant import ControlRefused, PanelState
from clients.household.home import Home
from clients.household.person.desk import HOME_ASSISTANT, Desk
from clients.household.person.override import OverrideKind, OverrideRefused
from clients.household.trader import Trader

PERMILLE = 1000


class Panel:
    """Implements HomeControls. What the person sets is an override, whose end the notice tells.

    Beside the notice, the limits that the newest plan could not hold are named as long as it is so.
    """

    def __init__(self, desk: Desk, database: Database, trader_of: Mapping[str, Trader]) -> None:
        self._desk = desk
        self._database = database
        self._trader_of = trader_of
        self._earned: dict[str, tuple[int, int]] = {}

    def panel(self, home: str) -> PanelState:
        """See HomeControls."""
        trader, wishes = self._trader_of[home], self._desk.wishes(home)
        agent = trader.homes[home]
        now = trader.terms.clock.slot_at(time.time())
        store, planned = agent.store, agent.plan.get(now)
        full_wh = (store.limits.capacity_wh or store.limits.max_wh) if store else 0
        return PanelState(
            state_of_charge_permille=min(PERMILLE, store.energy_wh * PERMILLE // full_wh) if store else None,
            price_neur_per_wh=trader.terms.buy_price(now),
            planned_flow_w=planned.flow_wh * SLOTS_PER_HOUR if planned else None,
            earned_neur=self._earned_neur(trader, agent),
            trading_paused=not wishes.trading,
            reserve_percent=wishes.reserve_percent,
            comfort_percent=wishes.least_percent,
            notice=self._desk.notices[home],
            limits="; ".join(agent.relaxed),
        )

    def pause_trading(self, home: str, paused: bool) -> None:
        """See HomeControls."""
        if paused:
            self._begin(home, OverrideKind.PAUSE_TRADING, None)
            return
        self._desk.end(home, OverrideKind.PAUSE_TRADING, time.time())
        if not self._desk.wishes(home).trading:
            raise ControlRefused("the profile says trading: false; set it there, `vdg home profile set trading true`")

    def charge_now(self, home: str) -> None:
        """See HomeControls."""
        agent = self._trader_of[home].homes[home]
        if not agent.can_charge:
            raise ControlRefused("there is nothing to charge: no car is there, and no battery that is not full")
        self._begin(home, OverrideKind.CHARGE_NOW, None)

    def set_reserve(self, home: str, percent: int) -> None:
        """See HomeControls."""
        self._begin(home, OverrideKind.RESERVE, percent)

    def set_comfort(self, home: str, percent: int) -> None:
        """See HomeControls."""
        self._begin(home, OverrideKind.COMFORT, percent)

    def _begin(self, home: str, kind: OverrideKind, value: int | None) -> None:
        try:
            self._desk.begin(home, kind, value, time.time(), HOME_ASSISTANT)
        except OverrideRefused as refused:
            raise ControlRefused(str(refused)) from refused

    def _earned_neur(self, trader: Trader, agent: Home) -> int:
        """What the month's flows had cost at the supplier's less their bill; worked out anew once a slot is settled."""
        settled = agent.account.bill.slots
        known = self._earned.get(agent.id)
        if known is None or known[0] != settled:
            month = datetime.now(UTC).strftime("%Y-%m")
            vdg = trader.terms.grid.vdg
            bill = month_of_home(self._database, agent.id, vdg, agent.account.address, month).bill(month)
            known = self._earned[agent.id] = (settled, bill.without_market_neur - bill.bill_neur)
        return known[1]
