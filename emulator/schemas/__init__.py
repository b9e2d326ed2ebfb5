"""JSON Schemas of the MQTT messages, for readers in other languages; ``python -m emulator.schemas`` writes them."""

from __future__ import annotations

import json
from importlib.resources import files

from wire.answered import Answered
from wire.assignment import Assignment
from wire.device import (
    CarChargerRating,
    CarChargerState,
    DeviceAnswer,
    DeviceCommand,
    HeatRating,
    HeatState,
    PlugRating,
    PlugState,
)
from wire.mqtt import History, Message, Nameplate, Reading, SetPoint, Status, Telemetry
from wire.phase_switch import SwitchCommand, SwitchState
from wire.recall import Gone, Recall
from wire.station import StationNow, StationReading

MESSAGES: dict[str, type[Message]] = {
    "reading": Reading,
    "recall": Recall,
    "gone": Gone,
    "telemetry": Telemetry,
    "setpoint": SetPoint,
    "status": Status,
    "nameplate": Nameplate,
    "history": History,
    "station_reading": StationReading,
    "station_now": StationNow,
    "assignment": Assignment,
    "answered": Answered,
    "switch_command": SwitchCommand,
    "switch_state": SwitchState,
}
DEVICE_MESSAGES: dict[str, type[Message]] = {
    "car_charger_rating": CarChargerRating,
    "car_charger_state": CarChargerState,
    "heat_rating": HeatRating,
    "heat_state": HeatState,
    "plug_rating": PlugRating,
    "plug_state": PlugState,
    "device_command": DeviceCommand,
    "device_answer": DeviceAnswer,
}


def schema_text(name: str) -> str:
    """The JSON Schema (draft 2020-12) of one message as it is committed. Raises KeyError for an unknown name."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | (MESSAGES | DEVICE_MESSAGES)[
        name
    ].model_json_schema()
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def committed_text(name: str) -> str:
    """The committed schema file of one message."""
    return files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
