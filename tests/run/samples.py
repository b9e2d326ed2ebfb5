"""A small run as it could have been observed."""

from __future__ import annotations

from pathlib import Path

from emulator.homes import neighbourhood
from node.run.assembly import Observed
from node.run.cast import Cast
from node.run.daylog import DayLog
from node.run.timing import Timing
from wire.flowproof import FlowProved
from wire.ledger import GetSupplyResponse
from wire.market import Book, BookCleared, Contract, ContractMade
from wire.settlement import ContractSettled, HouseholdSettled, HouseholdSettlement, SlotSettled, SlotSettlement

EPOCH_S = 1_700_000_000
SLOTS = 3


def observed(folder: Path, *, settled_slots: int = SLOTS, finished: bool = True) -> Observed:
    """Three slots from noon with one contract of 100 Wh in the first, bought at 16 and sold at 12 cents a kWh."""
    cast = Cast.fresh(neighbourhood(3), 4)
    timing = Timing(EPOCH_S, 5, 144 + 62, 144 + 72, SLOTS)
    log = DayLog(timing.from_slot, SLOTS)
    seller, buyer = cast.households[0][1].address, cast.households[1][1].address
    first = timing.from_slot
    log.add_event(
        BookCleared(Book("v", "intraday", first, volume_wh=100, buy_price_neur_per_wh=160_000, contracts=1)), 0.0
    )
    contract = Contract("v/1", "v", first, "intraday", buyer, seller, 100, 160_000, 120_000)
    log.add_event(ContractMade(contract), 0.0)
    for slot in range(first, first + settled_slots):
        traded = 100 if slot == first else 0
        flows = ((seller, -300, -traded), (buyer, 200, traded))
        for account, flow, market in flows:
            log.add_event(FlowProved("v", slot, account, flow), 0.0)
            paid = -market * (160_000 if market > 0 else 120_000)
            log.add_event(
                HouseholdSettled(
                    HouseholdSettlement(
                        vdg="v", slot=slot, account=account, flow_wh=flow, bought_wh=max(market, 0),
                        sold_wh=max(-market, 0),
                        planned_wh=flow - 3 * market // 100, contracts_neur=paid,
                        deviation_neur=-(flow - market) * 100_000,
                    )
                ),
                0.0,
            )  # fmt: skip
        if traded:
            log.add_event(ContractSettled("v/1", 100, 16_000_000, 12_000_000), 0.0)
        record = SlotSettlement("v", slot, proofs=3, contracts_settled=int(bool(traded)), verified_wh=traded)
        log.add_event(SlotSettled(record), timing.slot_start_s(slot + 1) + 0.5)
    for height in range(1, 11):
        log.add_block(height, EPOCH_S + height / 2)
    for code in (0, 0, 0, 52):
        log.add_result(code, "GATE_CLOSED: slot = 5: the gate of intraday closed" if code else "")
    return Observed(
        "vdg-test", "06-15", 4, cast.accounts, timing, log, [0.3, 0.4, 0.5], GetSupplyResponse(10**9, 10**9), (10, 0),
        folder / "emulator.log", 60.0, finished,
    )  # fmt: skip
