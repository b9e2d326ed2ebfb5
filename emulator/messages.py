"""What happened in a home, as the messages it sends."""

from __future__ import annotations

from itertools import accumulate, pairwise

from emulator.clock import Clock
from emulator.homes import Home
from emulator.household import Powers, SlotEnd
from emulator.units import MJ_PER_WH, SLOT_MS, SLOTS_A_DAY
from wire.mqtt import History, Nameplate, Reading, Telemetry


def reading(home: Home, event: SlotEnd, clock: Clock, voltage_mv: int | None = None) -> Reading:
    """The meter's reading at a slot's end."""
    return Reading(
        meter=home.meter,
        sequence=event.sequence,
        slot=event.slot,
        time_s=clock.slot_end_s(event.slot),
        import_wh=event.registers.import_wh,
        export_wh=event.registers.export_wh,
        voltage_mv=voltage_mv,
    )


def telemetry(powers: Powers, clock: Clock) -> Telemetry:
    """The inverter's telemetry."""
    return Telemetry(
        slot=powers.slot,
        time_ms=clock.unix_ms(powers.at_ms),
        load_w=powers.load_w,
        pv_w=powers.pv_w,
        curtailed_w=powers.curtailed_w,
        battery_w=powers.battery_w,
        grid_w=powers.grid_w,
        energy_wh=powers.energy_mj // MJ_PER_WH,
    )


def nameplate(home: Home, clock: Clock, day_slot: int) -> Nameplate:
    """What stands in the home, and its meter's clock."""
    battery = home.battery
    return Nameplate(
        home=home.id,
        kind=home.kind,
        meter=home.meter,
        epoch_s=clock.epoch_s,
        slot_seconds=clock.slot_seconds,
        day_slot=day_slot,
        pv_wp=home.pv_wp,
        battery_wh=battery.capacity_wh if battery else 0,
        battery_w=battery.power_w if battery else 0,
        battery_min_wh=battery.min_wh if battery else 0,
        battery_max_wh=battery.max_wh if battery else 0,
        battery_efficiency_permille=battery.efficiency_permille if battery else 0,
    )


def history(home: Home, day_slot: int, first_slot: int = 0) -> History:
    """The day before ``first_slot`` as the home's own log has it."""
    slots = range(first_slot - SLOTS_A_DAY - day_slot, first_slot - day_slot)
    return History(
        first_slot=first_slot - SLOTS_A_DAY,
        load_wh=_whole_wh([home.load_at(slot) for slot in slots]),
        pv_wh=_whole_wh([home.pv_at(slot) for slot in slots]),
    )


def _whole_wh(powers_w: list[int]) -> list[int]:
    """Energy of each slot as a register of whole Wh shows it, so that sums stay true."""
    shown = [total_mj // MJ_PER_WH for total_mj in accumulate((w * SLOT_MS for w in powers_w), initial=0)]
    return [after - before for before, after in pairwise(shown)]
