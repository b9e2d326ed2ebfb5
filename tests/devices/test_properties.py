"""Whatever comes in whatever order, drivers neither fail nor come to believe what can't be."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clients.household.devices import CarCharger, CommandRefused, HeatPump, Plug
from tests.devices.made import HOME, NOW, PLATE, READING, TOPICS, House, telemetry
from tests.devices.test_flexible_devices import RATINGS, STATES

values: st.SearchStrategy[Any] = st.one_of(
    st.integers(-10, 10),
    st.integers(0, 9_000),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.none(),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from(["h1", "car", "heat", "plug", "VDG-h1", "car_charger", "accepted", "replayed"]),
)
BASES: dict[str, dict[str, Any]] = {
    TOPICS.nameplate(HOME): PLATE.model_dump(),
    TOPICS.reading(HOME): READING.model_dump(),
    TOPICS.telemetry(HOME): json.loads(telemetry()),
    TOPICS.status(HOME): {"code": "accepted", "reason": "", "time_ms": 0, "sequence": 0, "slot": 0},
    TOPICS.online(): {},
}
for name in ("car", "heat", "plug"):
    root = f"{TOPICS.root}/{HOME}/device/{name}"
    state = {"device": name, "sequence": 1, "time_ms": 1, "power_w": 0, "energy_wh": 0}
    BASES[f"{root}/rating"] = json.loads(RATINGS[name].encode())
    BASES[f"{root}/state"] = state | STATES[name]
    BASES[f"{root}/answer"] = {"device": name, "code": "accepted", "reason": "", "time_ms": 0, "sequence": 0}
    BASES[f"{root}/online"] = {}


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, bytes, bool, float]:
    """A message that could be right, with some fields made anything, and how long after the last one it comes."""
    topic = draw(st.sampled_from(sorted(BASES)))
    wait_s, retained = draw(st.sampled_from([0.0, 1.0, 9.0, 20.0])), draw(st.booleans())
    if draw(st.integers(0, 9)) == 0:
        return topic, draw(st.binary(max_size=20)), retained, wait_s
    if not BASES[topic]:
        return topic, draw(st.sampled_from([b"true", b"false", b"null"])), retained, wait_s
    changed = draw(st.dictionaries(st.sampled_from(sorted(BASES[topic])), values, max_size=3))
    return topic, json.dumps(BASES[topic] | changed).encode(), retained, wait_s


@settings(max_examples=150)
@given(st.lists(messages(), max_size=25))
def test_no_sequence_of_messages_stops_the_drivers_or_makes_them_believe_what_cannot_be(
    sequence: list[tuple[str, bytes, bool, float]],
) -> None:
    car, heat, plug = CarCharger(HOME, "car", TOPICS), HeatPump(HOME, "heat", TOPICS), Plug(HOME, "plug", TOPICS)
    house = House(car, heat, plug)
    meter, battery, now = house.meter, house.battery, NOW
    for topic, payload, retained, wait_s in sequence:
        before, plate = meter.reading, meter.nameplate
        now = now.later(wait_s)
        house.hear(topic, payload, retained, now)
        if before is not None and meter.nameplate == plate:
            assert meter.reading is not None
            assert meter.reading.sequence >= before.sequence
            assert meter.reading.import_wh >= before.import_wh
            assert meter.reading.export_wh >= before.export_wh
        if battery.state is not None and battery.nameplate is not None:
            assert 0 <= battery.state.state_of_charge <= 1
            assert abs(battery.state.power_w) <= battery.nameplate.battery_w * 1.05
        if car.state is not None:
            assert car.state.car_wh <= car.state.car_capacity_wh
        for device in (car, heat, plug):
            if device.state is not None and device.rating is not None:
                assert device.state.power_w <= device.rating.max_w * 1.05
            try:
                device.set_power(1_400, int(now.unix_s) + 60, now)
            except CommandRefused:
                assert not [out for out in house.sent() if f"/{device.name}/" in out.topic]
            else:
                assert device.available
                assert device.rating is not None
                assert device.rating.min_w <= 1_400 <= device.rating.max_w
                assert len(house.sent()) == 1
