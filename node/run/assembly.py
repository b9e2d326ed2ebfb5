"""From what was observed to the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from clients.household.slot_records import Decided
from clients.household.strategy import StrategyName
from emulator.clock import Clock
from emulator.flexible import Devices, flexible_devices
from emulator.homes import Home
from node.grid_report.report import grid_report
from node.run.comparison import why_higher, without_market
from node.run.control_why import Whys
from node.run.daylog import DayLog, HomeDay, SlotDay
from node.run.failures import due_failed_report, equivocation_report, failure_problems
from node.run.genesis import TARIFF_BUY_NEUR_PER_WH, TARIFF_SELL_NEUR_PER_WH
from node.run.grid_day import GRID_SLOT_SECONDS, GridDay, solve_day
from node.run.kept import CommitmentReport, battery_report, device_reports, told_slots
from node.run.missed import MissedReport, Seen, late_on_chain, missed_report
from node.run.report import (
    AppHashReport,
    BooksReport,
    ContractsReport,
    HomeReport,
    ProductReport,
    Report,
    SlotReport,
    TransactionsReport,
    quantiles,
)
from node.run.stages import stages
from node.run.timing import Timing
from wire.ledger import GetSupplyResponse
from wire.results import Code


class Observed(NamedTuple):
    """A run as it was seen. Times in seconds; ``homes``: with their accounts' addresses; ``app_hashes``: heights
    compared, and disagreements. ``decisions``: the homes' own records; ``plain``: the same slots by the plain rule;
    ``failure``: why the run could not go on. ``supply`` is None where nobody could be asked. ``refused_at_door``: by
    result code what the clients sent and is in no block; None where their files are elsewhere.
    ``application_memory_mib``: at the end, by validator; those whose processes are elsewhere are missing.
    ``control_room_permille``: of its capacity, what a battery's plans keep free for real-time control. ``whys``: what
    started the sessions of control, as far as it is known; None where there is no control, or nobody to ask."""

    chain_id: str
    day: str
    validators: int
    homes: tuple[tuple[Home, bytes], ...]
    timing: Timing
    log: DayLog
    latencies_s: list[float]
    supply: GetSupplyResponse | None
    app_hashes: tuple[int, int]
    emulator_log: Path
    duration_s: float
    finished: bool
    devices: int = 0
    strategy: StrategyName = StrategyName.PLANNED
    decisions: tuple[Decided, ...] = ()
    plain: Report | None = None
    failure: str = ""
    refused_at_door: Mapping[int, int] | None = None
    application_memory_mib: Mapping[str, float] = MappingProxyType({})
    control_room_permille: int = 0
    whys: Whys | None = None

    def flexible(self, timing: Timing) -> Devices:
        """The homes' flexible devices as the run began, its first slot counted as 0."""
        clock = Clock(timing.epoch_s, timing.slot_seconds)
        homes = [home for home, _ in self.homes]
        return flexible_devices(homes, self.devices, clock, 1, timing.day_slot - timing.first_slot)


def grid_day(seen: Observed) -> GridDay | None:
    """What the settled slots did to the grid, where the homes stand on a network that is known."""
    devices = seen.flexible(_settled(seen))
    alone = {home.id: without_market(home, _settled(seen), devices.get(home.id, ())) for home, _ in seen.homes}
    return solve_day(seen.homes, seen.log, seen.timing, alone)


def assemble(seen: Observed, grid: GridDay | None = None) -> Report:
    """The report, with what ``grid_day`` found of the grid."""
    log = seen.log
    home_of = {address: home.id for home, address in seen.homes}
    door = seen.refused_at_door
    report = Report(
        chain_id=seen.chain_id,
        day=seen.day,
        strategy=seen.strategy.value,
        from_slot=seen.timing.from_slot - seen.timing.day_slot,
        chain_from_slot=seen.timing.from_slot,
        slots=log.slots,
        slot_seconds=seen.timing.slot_seconds,
        validators=seen.validators,
        finished=seen.finished,
        failure=seen.failure,
        duration_s=round(seen.duration_s, 1),
        homes=_homes(seen),
        energy_traded_wh=sum(slot.traded_wh for number, slot in log.by_slot.items() if log.in_day(number)),
        energy_verified_wh=sum(slot.verified_wh for number, slot in log.by_slot.items() if log.in_day(number)),
        contracts=ContractsReport(
            made=log.contracts_made, settled=log.contracts_settled, unwound=log.contracts_unwound
        ),
        books=BooksReport(cleared=log.books_cleared, late_blocks_max=log.late_blocks_max, traded=log.books_traded),
        products=[ProductReport(product=name, **asdict(done)) for name, done in sorted(log.by_product.items())],
        stages=stages(seen.decisions, {home.id: address for home, address in seen.homes}, log.made, seen.timing),
        proofs=log.proofs,
        slots_settled=log.slots_settled,
        slots_settled_at_deadline=log.slots_at_deadline,
        certificates_wh=log.certificates_wh,
        eur_minted_neur=None if seen.supply is None else seen.supply.minted_neur,
        eur_held_neur=None if seen.supply is None else seen.supply.held_neur,
        app_hash_agreed=AppHashReport(heights=seen.app_hashes[0], disagreements=seen.app_hashes[1]),
        transactions=TransactionsReport(
            submitted=sum(log.results.values()),
            accepted=log.results[Code.OK],
            refused=_by_name({code: count for code, count in log.results.items() if code is not Code.OK}),
            refused_at_door=None if door is None else _by_name(door),
        ),
        application_memory_mib=dict(seen.application_memory_mib),
        blocks=log.height,
        block_interval_s=quantiles(block_intervals_s(log)),
        submit_to_result_s=quantiles(seen.latencies_s),
        per_slot=[_slot(seen, log.first_slot + index) for index in range(log.slots)],
        grid=None if grid is None else grid_report(grid.with_market, grid.without_market, GRID_SLOT_SECONDS),
        control=log.control.report(seen.timing.lived, seen.timing.day_slot, home_of, seen.whys),
        due_failed=[due_failed_report(event) for event in log.due_failed],
        equivocations=[equivocation_report(one, seen.timing.day_slot, home_of) for one in log.equivocations],
        problems=[],
    )
    return report.model_copy(update={"problems": problems(report)})


def _by_name(counts: Mapping[int, int]) -> dict[str, int]:
    return {Code(code).name: count for code, count in sorted(counts.items())}


def block_intervals_s(log: DayLog) -> list[float]:
    """The time from each block to the next, by their headers."""
    return [after - before for before, after in pairwise(log.block_times_s)]


def settled_after_s(report: Report) -> list[float]:
    """How long after its end each slot was settled."""
    return [slot.settled_after_s for slot in report.per_slot if slot.settled_after_s is not None]


def problems(report: Report) -> list[str]:
    """What a run should not show, in words."""
    found = [f"the run could not go on: {report.failure}"] if report.failure else []
    unsettled = report.slots - report.slots_settled
    if report.finished and unsettled:
        found.append(f"{unsettled} slots of the day are not settled")
    if report.slots_settled_at_deadline:
        found.append(f"{report.slots_settled_at_deadline} slots were settled at their deadline, with proofs missing")
    open_contracts = report.contracts.made - report.contracts.settled - report.contracts.unwound
    if report.finished and open_contracts:
        found.append(f"{open_contracts} contracts are neither settled nor unwound")
    if report.books.late_blocks_max:
        found.append(f"a book was cleared {report.books.late_blocks_max} blocks late")
    if report.finished and report.eur_minted_neur is None:
        found.append("the chain did not say how much money there is")
    if report.eur_minted_neur != report.eur_held_neur:
        found.append(f"{report.eur_minted_neur} nEUR were minted, but {report.eur_held_neur} are held")
    if report.app_hash_agreed.disagreements:
        found.append(f"validators disagree on the app hash at {report.app_hash_agreed.disagreements} heights")
    if report.app_hash_agreed.heights < report.blocks:
        found.append(f"app hashes were compared at {report.app_hash_agreed.heights} of {report.blocks} heights only")
    found += failure_problems(report.due_failed, report.equivocations)
    for home in report.homes:
        if home.battery is not None and not home.battery.limits_kept:
            found.append(f"the battery of {home.id} left its limits")
        found += [
            f"a car of {home.id} left {device.short_wh} Wh short"
            if device.short_wh
            else f"the heat store {device.device} of {home.id} left its comfort band"
            for device in home.devices_kept
            if not device.kept
        ]
    if report.finished and not report.energy_traded_wh:
        found.append("no energy was traded")
    return found


def _settled(seen: Observed) -> Timing:
    """An interrupted run is compared over the slots that it settled, which are the first ones."""
    return seen.timing._replace(slots=seen.log.slots_settled)


def _homes(seen: Observed) -> list[HomeReport]:
    told = told_slots(seen.emulator_log, range(seen.timing.from_slot, seen.timing.last_slot + 1))
    at_end: Mapping[str, Any] = told[-1] if told and told[-1]["slot"] == seen.timing.last_slot else {}
    plain = {home.id: home for home in seen.plain.homes} if seen.plain is not None else {}
    timing = _settled(seen)
    devices = seen.flexible(timing)
    homes = []
    for home, address in seen.homes:
        day = seen.log.homes.get(address, HomeDay())
        flexible = devices.get(home.id, [])
        alone = without_market(home, timing, flexible)
        battery_end, devices_end = (at_end.get(what, {}).get(home.id, 0) for what in ("stored_wh", "devices_wh"))
        kept = told[-1].get("devices_kept", {}) if told else {}
        more = day.bill_neur - alone.bill_neur
        homes.append(
            HomeReport(
                id=home.id,
                kind=home.kind,
                account=address.hex(),
                bill_neur=day.bill_neur,
                bill_without_market_neur=alone.bill_neur,
                bill_plain_neur=plain[home.id].bill_neur if plain else None,
                bought_wh=day.bought_wh,
                sold_wh=day.sold_wh,
                import_wh=day.import_wh,
                export_wh=day.export_wh,
                rebate_neur=day.rebate_neur,
                reward_neur=day.reward_neur,
                debt_neur=day.debt_neur,
                battery_end_wh=battery_end,
                battery_end_without_market_wh=alone.battery_end_wh,
                battery_end_plain_wh=plain[home.id].battery_end_wh if plain else None,
                commitments=CommitmentReport(
                    **asdict(day.commitments), missed=_missed(seen, home, address, day, told, bool(flexible))
                ),
                battery=battery_report(home.battery, home.id, told) if home.battery else None,
                devices=[device.rating.device for device in flexible],
                devices_kept=device_reports(kept.get(home.id, {})),
                devices_end_wh=devices_end,
                devices_end_without_market_wh=alone.devices_end_wh,
                why_higher=why_higher(day, more, battery_end - alone.battery_end_wh, devices_end - alone.devices_end_wh)
                if more > 0 and seen.finished
                else "",
            )
        )
    return homes


def _missed(
    seen: Observed, home: Home, address: bytes, day: HomeDay, told: Iterable[dict[str, Any]], has_devices: bool
) -> MissedReport:
    log, slots = seen.log, [each.slot for each in day.missed]
    known = Seen(
        home.id,
        home.battery,
        has_devices,
        seen.strategy is StrategyName.PLAIN,
        {line["slot"]: line for line in told},
        log.control.slots,
        late_on_chain(address, slots, log.made, log.too_late_s, log.block_times_s, seen.timing),
        seen.control_room_permille,
    )
    return missed_report(day.missed, known)


def _slot(seen: Observed, number: int) -> SlotReport:
    slot_of_day = number - seen.timing.day_slot
    slot = seen.log.by_slot.get(number, SlotDay())
    end_s = seen.timing.slot_start_s(number + 1)
    homes = [home for home, _ in seen.homes]
    traded = slot.traded_wh
    return SlotReport(
        slot=slot_of_day,
        load_wh=sum(home.load_at(slot_of_day) for home in homes) // 6,
        pv_wh=sum(home.pv_at(slot_of_day) for home in homes) // 6,
        import_wh=slot.import_wh,
        export_wh=slot.export_wh,
        traded_wh=traded,
        verified_wh=slot.verified_wh,
        buy_price_neur_per_wh=slot.paid_neur // traded if traded else None,
        sell_price_neur_per_wh=slot.received_neur // traded if traded else None,
        supplier_price_neur_per_wh=TARIFF_BUY_NEUR_PER_WH[slot_of_day],
        feed_in_price_neur_per_wh=TARIFF_SELL_NEUR_PER_WH[slot_of_day],
        settled_after_s=None if slot.settled_time_s is None else round(slot.settled_time_s - end_s, 3),
    )
