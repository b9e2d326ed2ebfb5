"""Watching devices from the command line, and what the documentation shows."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from pathlib import Path

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from clients.household.devices.command import main
from emulator.broker import EmbeddedBroker
from emulator.schemas import DEVICE_MESSAGES, committed_text, schema_text
from tests.devices.live import DEADLINE_S
from tests.devices.test_device_link import HOME, devices
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
from wire.mqtt import Message, decode

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "devices.md"
EXAMPLES: dict[str, list[type[Message]]] = {
    "Rating": [CarChargerRating, HeatRating, PlugRating],
    "State": [CarChargerState, HeatState, PlugState],
    "Command": [DeviceCommand, DeviceCommand],
    "Answer": [DeviceAnswer],
}


async def test_the_command_tells_changes_and_how_all_devices_stand() -> None:
    async with EmbeddedBroker() as broker:
        process = await devices(broker.port)
        watching = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "clients.household.devices", "--home", HOME, "--broker", broker.url, "--json"),
            *("--device", "car_charger:car", "--device", "plug:ghost"),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert watching.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            change = json.loads(await watching.stdout.readline())
        watching.send_signal(signal.SIGTERM)
        out, _ = await watching.communicate()
        process.terminate()
        await process.wait()
    assert change == {"event": "change", "home": HOME, "device": "car", "kind": "available", "reason": "it is there"}
    assert watching.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    standing = {line["device"]: line["unavailable_because"] for line in lines if line["event"] == "device"}
    assert standing.keys() == {"battery", "car", "ghost", "inverter", "meter"}
    assert standing["ghost"] == "it has not said what it can do"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--device", "toaster:t"], "--device is 'toaster:t'; give KIND:ID with a kind of car_charger, heat_pump"),
        (["--device", "plug"], "--device is 'plug'; give KIND:ID"),
        (["--broker", "http://x"], "url is 'http://x'"),
        (["--topic-root", "a//b"], "topic_root is 'a//b'"),
        (["--password-env", "VDG_NOT_SET"], "password_env = VDG_NOT_SET, for mqtt://127.0.0.1:1883: set the variable"),
    ],
)
def test_bad_options_end_with_a_message_and_code_2(options: list[str], words: str) -> None:
    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["--home", HOME, *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("name", sorted(DEVICE_MESSAGES))
def test_the_committed_schema_is_the_code_s(name: str) -> None:
    assert committed_text(name) == schema_text(name), "run: python -m emulator.schemas"
    jsonschema.Draft202012Validator.check_schema(json.loads(committed_text(name)))


def test_every_example_in_the_documentation_is_a_valid_message() -> None:
    seen = set()
    for section in re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        for block in re.findall(r"```json\n(.*?)```", section, flags=re.DOTALL):
            examples = re.findall(r"\{.*?\}", block, flags=re.DOTALL)
            for kind, example in zip(EXAMPLES[section.partition("\n")[0]], examples, strict=True):
                decode(kind, example)
                seen.add(kind)
    assert seen == set(DEVICE_MESSAGES.values())
