"""Grids, homes and forecasts that tests make up."""

from __future__ import annotations

from collections.abc import Sequence

from clients.household.account import Account
from clients.household.battery import BatteryLimits
from clients.household.forecasting.forecast import SlotForecast
from clients.household.home import Habits, Home
from clients.household.measurements import Measurements
from clients.household.offers import OfferRules, Offers
from clients.household.plan import Rule
from clients.household.strategy import Plain, Strategy
from clients.household.terms import Terms
from wire.grid import Grid, SlotTerms, Tariff
from wire.market import GateKind, Product
from wire.mqtt import Telemetry

EPOCH_S, SLOT_SECONDS = 1_000_000, 600
VDG = "grid"
ADDRESS = b"h" * 20
BATTERY = BatteryLimits(min_wh=1_200, max_wh=4_800, slot_wh=500)
CHEAP, DEAR, FEED_IN = 150_000, 200_000, 100_000
EVENING = 102
PRODUCTS = (
    Product("day_ahead", 6, GateKind.GATE_KIND_DAY_BEFORE, 72, 288, 10**6, 10**7),
    Product("intraday", 1, GateKind.GATE_KIND_BEFORE_START, 6, 12, 10**6, 10**7),
    Product("real_time", 1, GateKind.GATE_KIND_BEFORE_START, 1, 3, 10**6, 10**7),
)


def terms(first_slot: int = 0, rebate: int = 0, caps: SlotTerms | None = None) -> Terms:
    """15 c€/kWh, 20 from 17:00 on; feed-in 10; the same rebate or caps in 288 slots."""
    buy = tuple(CHEAP if slot < EVENING else DEAR for slot in range(144))
    posted = caps or SlotTerms(rebate_neur_per_wh=rebate)
    grid = Grid(VDG, EPOCH_S, SLOT_SECONDS)
    products = {product.name: product for product in PRODUCTS}
    return Terms(grid, Tariff(VDG, 0, buy, (FEED_IN,)), products, first_slot, [posted] * 288)


def expected(load_wh: int, pv_wh: int) -> SlotForecast:
    """A forecast that is sure of itself."""
    return SlotForecast(load_wh, pv_wh, max(0, load_wh - pv_wh), max(0, pv_wh - load_wh))


class Oracle:
    """A forecaster that always says the same, from slot 0 on; the last value goes on for ever."""

    def __init__(self, *slots: SlotForecast) -> None:
        self.slots = slots

    def __call__(self, seen: Measurements, now: int, slots: int) -> list[SlotForecast]:
        return [self.slots[min(slot, len(self.slots) - 1)] for slot in range(now, now + slots)]


def telemetry(slot: int, load_w: int = 600, pv_w: int = 0, energy_wh: int = 0, share: float = 0.0) -> Telemetry:
    """Powers at a share of a slot."""
    return Telemetry(
        slot=slot,
        time_ms=round((EPOCH_S + (slot + share) * SLOT_SECONDS) * 1000),
        load_w=load_w,
        pv_w=pv_w,
        curtailed_w=0,
        battery_w=0,
        grid_w=load_w - pv_w,
        energy_wh=energy_wh,
    )


def home(
    forecast: Sequence[SlotForecast],
    *,
    now: int = 0,
    battery: BatteryLimits | None = None,
    energy_wh: int = 0,
    rules: OfferRules | None = None,
    margin_permille: int = 0,
    strategy: Strategy | None = None,
    habits: Habits | None = None,
) -> Home:
    """A home that was heard of in slot ``now`` and may deliver 1,000 Wh a slot; it leaves tomorrow alone by default."""
    measurements = Measurements(EPOCH_S, SLOT_SECONDS)
    measurements.take_telemetry(telemetry(now, energy_wh=energy_wh))
    return Home(
        "h1",
        Account(ADDRESS, capacity_wh=1_000),
        measurements,
        Oracle(*forecast),
        Offers(rules or OfferRules(ahead_slots=12), margin_permille),
        strategy or Plain(Rule()),
        habits or Habits(),
        battery=battery,
        has_pv=any(slot.pv_wh for slot in forecast),
    )
