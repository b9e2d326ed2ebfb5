"""Emulated car charger, heat pump and plug: exact, within their limits, and obedient as real ones are."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.car_charger import EmulatedCarCharger, Visit
from emulator.clock import Clock
from emulator.device import EmulatedDevice
from emulator.devices import equipment
from emulator.heat_pump import EmulatedHeatPump
from emulator.plug import EmulatedPlug
from emulator.schemas import committed_text
from emulator.units import MJ_PER_WH, SLOT_MS
from wire.device import AnswerCode, CarChargerRating, CarChargerState, DeviceCommand, HeatRating, PlugRating
from wire.mqtt import decode

CLOCK = Clock(1_780_000_000, 600)
HOUR_MS = 6 * SLOT_MS
CAR = CarChargerRating(device="car", kind="car_charger", min_w=1_400, max_w=7_000, interval_s=10)
HEAT = HeatRating(
    device="heat",
    kind="water_heater",
    min_w=0,
    max_w=2_000,
    interval_s=10,
    cop_permille=1_000,
    comfort_min_wh=2_000,
    comfort_max_wh=6_000,
    store_max_wh=8_000,
)
PLUG = PlugRating(device="plug", kind="plug", min_w=0, max_w=2_300, interval_s=10)
VISIT = Visit(HOUR_MS, 9 * HOUR_MS, 10_000, 40_000, 14_000)


def car(now_ms: int = 0) -> EmulatedCarCharger:
    return EmulatedCarCharger(CAR, CLOCK, now_ms, [VISIT, Visit(20 * HOUR_MS, 21 * HOUR_MS, 0, 40_000, 1_000)])


def heat(store_wh: int = 4_000, demand_w: int = 500) -> EmulatedHeatPump:
    return EmulatedHeatPump(HEAT, CLOCK, 0, store_wh, [demand_w])


def plug() -> EmulatedPlug:
    return EmulatedPlug(PLUG, CLOCK, 0, [3, 2_000])


def order(
    device: EmulatedDevice[Any], power_w: int | None, hours: float = 100, fields: dict[str, Any] | None = None
) -> AnswerCode:
    """Give a set point that ends some hours after the clock's beginning."""
    command: dict[str, object] = {
        "device": device.rating.device,
        "sequence": device._last_command + 1,
        "until_s": CLOCK.epoch_s + int(3600 * hours),
    }
    if power_w is not None:
        command["power_w"] = power_w
    return device.offer(json.dumps(command | (fields or {})).encode(), retained=False).code


def test_a_car_comes_charges_on_its_own_until_it_is_full_and_leaves() -> None:
    charger = car()
    assert charger.state(1).connected is False
    charger.advance(HOUR_MS)
    state = charger.state(2)
    assert (state.connected, state.power_w, state.car_wh, state.needed_wh) == (True, 7_000, 10_000, 14_000)
    assert state.departure_s == CLOCK.epoch_s + 9 * 3600
    charger.advance(3 * HOUR_MS)
    state = charger.state(3)
    assert (state.car_wh, state.needed_wh, state.energy_wh) == (24_000, 0, 14_000)
    charger.advance(9 * HOUR_MS - 1)
    state = charger.state(4)
    assert (state.car_wh, state.power_w, state.energy_wh) == (40_000, 0, 30_000)
    charger.advance(9 * HOUR_MS)
    state = charger.state(5)
    assert (state.connected, state.car_wh, state.departure_s, state.energy_wh) == (False, 0, None, 30_000)
    charger.advance(20 * HOUR_MS)
    assert charger.state(6).needed_wh == 1_000


def test_a_car_charger_obeys_a_set_point_until_it_ends_and_then_is_on_its_own() -> None:
    charger = car()
    charger.advance(HOUR_MS)
    assert order(charger, 1_400, hours=3) is AnswerCode.ACCEPTED
    assert (charger.power_w, charger.set_w) == (1_400, 1_400)
    charger.advance(3 * HOUR_MS)
    assert charger.energy_mj == 2_800 * MJ_PER_WH
    assert (charger.power_w, charger.set_w) == (7_000, None)
    assert order(charger, 0) is AnswerCode.ACCEPTED
    charger.advance(5 * HOUR_MS)
    assert charger.energy_mj == 2_800 * MJ_PER_WH
    assert order(charger, None) is AnswerCode.ACCEPTED
    assert charger.power_w == 7_000


@pytest.mark.parametrize(
    ("power_w", "fields", "code"),
    [
        (1_399, {}, AnswerCode.BEYOND_POWER),
        (7_001, {}, AnswerCode.BEYOND_POWER),
        (1_400, {"device": "heat"}, AnswerCode.WRONG_DEVICE),
        (1_400, {"sequence": 0}, AnswerCode.REPLAYED),
        (1_400, {"until_s": CLOCK.epoch_s}, AnswerCode.EXPIRED),
        (1_400, {"until_s": "soon"}, AnswerCode.MALFORMED),
        (1_400, {"power_w": -5}, AnswerCode.MALFORMED),
        (1_400, {"power_w": float("nan")}, AnswerCode.MALFORMED),
        (1_400, {"extra": 1}, AnswerCode.MALFORMED),
    ],
)
def test_a_command_that_cannot_be_is_refused_and_changes_nothing(
    power_w: int, fields: dict[str, object], code: AnswerCode
) -> None:
    charger = car()
    charger.advance(HOUR_MS)
    assert order(charger, 2_000) is AnswerCode.ACCEPTED
    assert order(charger, power_w, fields=fields) is code
    assert charger.power_w == 2_000


def test_commands_that_the_broker_kept_are_refused() -> None:
    charger = car()
    charger.advance(HOUR_MS)
    command = DeviceCommand(device="car", sequence=5, until_s=CLOCK.epoch_s + 9_999, power_w=2_000)
    assert charger.offer(command.encode(), retained=True).code is AnswerCode.REPLAYED


def test_without_a_car_nothing_can_be_charged() -> None:
    assert order(car(), 2_000) is AnswerCode.NOT_NOW
    assert order(car(), 0) is AnswerCode.ACCEPTED


def test_a_heat_pump_on_its_own_stays_within_its_band() -> None:
    pump = heat()
    stored = []
    for minute in range(1, 48 * 60):
        pump.advance(minute * 60_000)
        stored.append(pump.store_wh)
    assert 1_999 <= min(stored) <= 2_001
    assert 5_999 <= max(stored) <= 6_001
    # What went in is what the house took and what the store has gained: COP 1.
    taken_mj = 500 * 60_000 * (48 * 60 - 1)
    assert abs(pump.energy_mj - taken_mj - (pump.store_wh - 4_000) * MJ_PER_WH) <= MJ_PER_WH


def test_a_heat_pump_puts_comfort_before_set_points() -> None:
    pump = heat()
    assert order(pump, 0) is AnswerCode.ACCEPTED
    pump.advance(24 * HOUR_MS)
    assert 1_999 <= pump.store_wh <= 2_000 + 4_000 // 50
    assert pump.set_w == 0
    pump = heat()
    assert order(pump, 2_000) is AnswerCode.ACCEPTED
    pump.advance(24 * HOUR_MS)
    assert 6_000 - 4_000 // 50 <= pump.store_wh <= 6_000
    full = heat(store_wh=6_000)
    assert order(full, 2_000) is AnswerCode.NOT_NOW
    cold = heat(store_wh=1_000)
    assert order(cold, 0) is AnswerCode.NOT_NOW
    assert cold.power_w == 2_000


def test_a_plug_switches_and_takes_what_hangs_on_it() -> None:
    socket = plug()
    socket.advance(2 * SLOT_MS)
    assert socket.energy_mj == 2_003 * SLOT_MS
    assert order(socket, 1_000) is AnswerCode.BEYOND_POWER
    assert order(socket, 0, hours=1) is AnswerCode.ACCEPTED
    assert (socket.on, socket.power_w) == (False, 0)
    socket.advance(7 * SLOT_MS)
    assert (socket.on, socket.set_w) == (True, None)
    assert socket.energy_mj == 2_003 * SLOT_MS + 3 * SLOT_MS


@given(st.sampled_from(["car", "heat", "plug"]), st.data())
def test_energies_are_the_same_in_whatever_pieces_time_goes_on_and_limits_always_hold(
    kind: str, data: st.DataObject
) -> None:
    makers: dict[str, Any] = {"car": car, "heat": heat, "plug": plug}
    whole, pieces = makers[kind](), makers[kind]()
    now_ms = 0
    for _ in range(data.draw(st.integers(1, 6))):
        power_w = data.draw(st.none() | st.sampled_from([0, 1_400, 2_000, 2_300, 7_000, 9_000]))
        hours = data.draw(st.integers(1, 40))
        assert order(whole, power_w, hours) is order(pieces, power_w, hours)
        to_ms = now_ms + data.draw(st.integers(1, 6 * HOUR_MS))
        for cut in sorted(data.draw(st.lists(st.integers(now_ms, to_ms), max_size=4))):
            pieces.advance(cut)
            assert 0 <= pieces.power_w <= pieces.rating.max_w
        pieces.advance(to_ms)
        whole.advance(to_ms)
        now_ms = to_ms
        assert whole.energy_mj == pieces.energy_mj
        assert whole.state(1) == pieces.state(1)
        state = whole.state(1)
        if isinstance(state, CarChargerState):
            assert state.car_wh <= state.car_capacity_wh
        assert state.energy_wh * MJ_PER_WH <= whole.rating.max_w * now_ms


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Visit(5, 5, 0, 1, 0), "departure_ms is 5"),
        (lambda: Visit(0, 5, 2, 1, 0), "car_wh is 2"),
        (lambda: Visit(0, 5, 1, 2, 2), "needed_wh is 2; 1 fit into the car"),
        (lambda: EmulatedCarCharger(CAR, CLOCK, 0, [VISIT, VISIT]), "the car before leaves at"),
        (lambda: heat(store_wh=9_000), "store_wh is 9000; give 0 to store_max_wh, 8000"),
        (lambda: heat(demand_w=-1), "demand_w is empty or negative"),
        (lambda: EmulatedPlug(PLUG, CLOCK, 0, [2_301]), "give a power of 0 to 2300 W for each slot"),
    ],
)
def test_equipment_that_cannot_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_every_message_reads_back_as_itself_and_fits_its_schema() -> None:
    names = {"car": "car_charger", "heat": "heat", "washer": "plug"}
    for device in equipment(CLOCK, 18 * HOUR_MS, 5):
        name = names[device.rating.device]
        for message, schema in ((device.rating, f"{name}_rating"), (device.state(7), f"{name}_state")):
            assert decode(type(message), message.encode()) == message
            jsonschema.validate(json.loads(message.encode()), json.loads(committed_text(schema)))
