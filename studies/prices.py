"""The prices of the studies: the thesis's tariffs, and the rebate that follows the sun."""

from __future__ import annotations

import numpy as np

from clients.dso.rebates import rebate_neur_per_wh
from clients.household.terms import Terms
from studies.arrays import SLOTS, SLOTS_PER_HOUR, Real
from wire.grid import Grid, SlotTerms, Tariff

NEUR_PER_WH_OF_CENT_PER_KWH = 10_000
# Hours 17 to 23 are dear (4.6.1: "12 am to 4 pm and ... 5 pm to 11 pm").
_DEAR_FROM = 17 * SLOTS_PER_HOUR


def terms_of(
    sun_wh: Real, dear_cent: float, rebate_cent: float, cheap_cent: float = 15, feed_in_cent: float = 10
) -> Terms:
    """The terms of a day: two prices to buy at, one to feed in at, all in cent per kWh.

    ``rebate_cent``: the rebate where the forecast of the sun, ``sun_wh`` (slots,), is greatest (4.1).
    """
    cheap, dear, feed_in, rebate = (
        round(cent * NEUR_PER_WH_OF_CENT_PER_KWH) for cent in (cheap_cent, dear_cent, feed_in_cent, rebate_cent)
    )
    most = float(sun_wh.max())
    share = sun_wh / most if most > 0 else np.zeros(SLOTS)
    return Terms(
        grid=Grid(),
        tariff=Tariff(
            buy_price_neur_per_wh=tuple(dear if slot >= _DEAR_FROM else cheap for slot in range(SLOTS)),
            sell_price_neur_per_wh=(feed_in,),
        ),
        products={},
        first_slot=0,
        slot_terms=[SlotTerms(rebate_neur_per_wh=rebate_neur_per_wh(part, rebate)) for part in share.tolist()],
    )
