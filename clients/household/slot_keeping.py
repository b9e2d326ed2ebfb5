"""What an agent writes into its file once a slot, beside what it decided."""

from __future__ import annotations

from collections.abc import Collection

from clients.household.database import Database, SupplierPrice
from clients.household.forecasting.records import Measured
from clients.household.home import Home
from clients.household.measurements import KEPT_SLOTS
from clients.household.terms import Terms

_ERRORS_EVERY_SLOTS = 6


def keep_slot(database: Database, homes: Collection[Home], terms: Terms, now: int) -> None:
    """Keep the supplier's prices of slot ``now``, what homes measured and how far forecasts were off; forget what is
    older than a week."""
    price = SupplierPrice(int(terms.clock.start_s(now)), terms.buy_price(now), terms.sell_price(now))
    database.keep_supplier_prices(terms.grid.vdg, now, price)
    measured = [Measured(home.id, *slot) for home in homes for slot in home.measurements.take_unkept()]
    database.forecasts.keep_measured(measured, now - KEPT_SLOTS)
    if now % _ERRORS_EVERY_SLOTS == 0:
        for home in homes:
            database.forecasts.keep_errors(home.id, home.errors.by_horizon, home.errors.gaps_wh)
    database.forget_contracts_before(now - KEPT_SLOTS)
