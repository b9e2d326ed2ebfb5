"""MQTT messages: what is read, what is refused with field, value and way out, and the schemas beside the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from emulator import neighbourhood
from emulator.clock import Clock
from emulator.household import Household
from emulator.messages import history, nameplate, reading, telemetry
from emulator.schemas import MESSAGES, committed_text, schema_text
from wire.mqtt import MAX_PAYLOAD_BYTES, Message, MessageError, Reading, SetPoint, Status, Topics, decode

DOCUMENT = Path(__file__).parents[2] / "docs" / "mqtt.md"
READING = {"meter": "m1", "sequence": 1, "slot": 0, "time_s": 5, "import_wh": 7, "export_wh": 0}
SET_POINT = {"sequence": 1, "slot": 2, "mode": "follow", "grid_wh": -5}


def without(fields: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(
    ("kind", "payload", "problem"),
    [
        (Reading, b"", "payload is b'': Invalid JSON"),
        (Reading, b"\xff\x00", "Invalid JSON"),
        (Reading, b"[]", "payload is []: Input should be an object"),
        (Reading, b"null", "payload is None: Input should be an object"),
        (Reading, json.dumps(READING)[:40].encode(), "Invalid JSON"),
        (Reading, json.dumps(without(READING, "slot")), "slot is missing: reading needs it"),
        (Reading, json.dumps(READING | {"extra": 1}), "extra is 1: Extra inputs are not permitted"),
        (
            Reading,
            json.dumps(READING | {"import_wh": -1}),
            "import_wh is -1: Input should be greater than or equal to 0",
        ),
        (Reading, json.dumps(READING | {"import_wh": 1.5}), "import_wh is 1.5: Input should be a valid integer"),
        (Reading, json.dumps(READING | {"import_wh": 1.0}), "import_wh is 1.0: Input should be a valid integer"),
        (Reading, json.dumps(READING | {"import_wh": "7"}), "import_wh is '7': Input should be a valid integer"),
        (Reading, json.dumps(READING | {"import_wh": True}), "import_wh is True: Input should be a valid integer"),
        (Reading, json.dumps(READING | {"import_wh": None}), "import_wh is None"),
        (Reading, json.dumps(READING | {"import_wh": 2**53}), "less than or equal to 9007199254740991"),
        (Reading, json.dumps(READING | {"sequence": -1}), "sequence is -1"),
        (Reading, json.dumps(READING | {"time_s": -1}), "time_s is -1"),
        (Reading, json.dumps(READING | {"meter": ""}), "meter is ''"),
        (Reading, json.dumps(READING | {"meter": "a/b"}), "meter is 'a/b'"),
        (Reading, json.dumps(READING | {"meter": "x" * 65}), "meter is"),
        (Reading, b" " * (MAX_PAYLOAD_BYTES + 1), f"at most {MAX_PAYLOAD_BYTES} are read"),
        (
            SetPoint,
            json.dumps(SET_POINT | {"mode": "off"}),
            "mode is 'off': Input should be 'self', 'power' or 'follow'",
        ),
        (SetPoint, json.dumps(without(SET_POINT, "grid_wh")), "mode follow needs grid_wh"),
        (SetPoint, json.dumps(SET_POINT | {"mode": "self"}), "mode self takes no grid_wh; leave it out"),
        (SetPoint, json.dumps(SET_POINT | {"power_w": 5}), "mode follow takes no power_w; leave it out"),
        (SetPoint, json.dumps(SET_POINT | {"mode": "power", "power_w": 1}), "mode power takes no grid_wh"),
        (SetPoint, json.dumps(without(SET_POINT, "grid_wh") | {"mode": "power"}), "mode power needs power_w"),
        (SetPoint, json.dumps(SET_POINT | {"export_limit_w": -1}), "export_limit_w is -1"),
        (SetPoint, json.dumps(SET_POINT | {"sequence": "new"}), "sequence is 'new'"),
        (Reading, json.dumps(READING)[:-1] + ', "slot": 3}', "slot is there twice: give it once"),
        (Reading, '{"a":' * 300 + "1" + "}" * 300, "recursion limit exceeded"),
        (Status, json.dumps({"code": "fine", "reason": "", "time_ms": 0}), "code is 'fine'"),
    ],
)
def test_a_malformed_message_is_refused_with_field_value_and_way_out(
    kind: type[Message], payload: bytes | str, problem: str
) -> None:
    with pytest.raises(MessageError) as caught:
        decode(kind, payload)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"{kind.name} refused: ")


def test_all_faults_of_a_message_are_named_at_once() -> None:
    with pytest.raises(MessageError) as caught:
        decode(Reading, json.dumps({"meter": "m1", "sequence": -1, "slot": "x", "time_s": 5, "import_wh": 7, "y": 1}))
    assert sorted(problem.split(" is ")[0] for problem in caught.value.problems) == [
        "export_wh",
        "sequence",
        "slot",
        "y",
    ]


def test_a_long_value_is_cut_in_the_error() -> None:
    with pytest.raises(MessageError) as caught:
        decode(Reading, json.dumps(READING | {"slot": "9" * 10_000}))
    assert len(str(caught.value)) < 300


def test_every_message_a_home_sends_reads_back_as_itself_and_fits_its_schema() -> None:
    clock = Clock(1_780_000_000, 5)
    for home in neighbourhood(3):
        household = Household(home)
        sent: dict[str, Message] = {
            "reading": reading(home, household.first_reading(), clock),
            "telemetry": telemetry(household.powers(), clock),
            "nameplate": nameplate(home, clock, 0),
            "history": history(home, 0),
        }
        for name, message in sent.items():
            assert decode(type(message), message.encode()) == message
            jsonschema.validate(json.loads(message.encode()), json.loads(committed_text(name)))


def test_the_log_before_the_start_sums_to_the_energy_of_the_day_before() -> None:
    home = neighbourhood(1)[0]
    log = history(home, 0)
    assert (log.first_slot, len(log.load_wh)) == (-144, 144)
    assert sum(log.load_wh) == sum(home.load_at(slot) for slot in range(-144, 0)) // 6
    assert sum(log.pv_wh) == sum(home.pv_at(slot) for slot in range(-144, 0)) // 6


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_committed_schema_is_the_code_s(name: str) -> None:
    assert committed_text(name) == schema_text(name), "run: python -m emulator.schemas"
    jsonschema.Draft202012Validator.check_schema(json.loads(committed_text(name)))


def test_every_example_in_the_documentation_is_a_valid_message() -> None:
    by_heading: dict[str, type[Message]] = {
        "Set point": SetPoint,
        **{name.replace("_", " ").capitalize(): message for name, message in MESSAGES.items()},
    }
    seen = set()
    text = DOCUMENT.read_text(encoding="utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        kind = by_heading.get(section.partition("\n")[0])
        for block in re.findall(r"```json\n(.*?)```", section, flags=re.DOTALL):
            assert kind is not None
            for example in re.findall(r"^\{.*?\}$", block, flags=re.DOTALL | re.MULTILINE):
                decode(kind, example)
                seen.add(kind)
    assert seen == set(MESSAGES.values())


def test_topics_name_their_home_and_refuse_strangers() -> None:
    topics = Topics("street/a")
    assert topics.home_of(topics.set_point("h1")) == "h1"
    for stranger in ("other/h1/setpoint", "street/a", "street/a/h1", "street/a//setpoint"):
        with pytest.raises(ValueError, match="expected street/a/<home>"):
            topics.home_of(stranger)


@pytest.mark.parametrize("root", ["", "a//b", "a/+", "#", "/a", "a/", "a b"])
def test_a_topic_root_with_wildcards_or_empty_parts_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="topic root is"):
        Topics(root)
