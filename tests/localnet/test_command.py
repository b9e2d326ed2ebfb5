"""`vdg localnet`, as typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localnet.conftest import DEADLINE_SECONDS, processes_in
from wire.keystore import Kdf, create

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

VDG = [sys.executable, "-m", "node.cli.main"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def localnet(home: Path) -> Iterator[Run]:
    """Runs `vdg localnet COMMAND ARGUMENTS... --home HOME`, and stops whatever still runs at the end."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*VDG, "localnet", *arguments, "--home", str(home)]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)

    yield run
    run("down")


def up(localnet: Run, *arguments: str) -> subprocess.CompletedProcess[str]:
    return localnet("up", "--application", "kvstore", "--validators", "2", "--timeout-commit-ms", "50", *arguments)


def status(localnet: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(localnet("status", "--json").stdout)
    return found


def test_up_status_restart_logs_and_down_do_what_they_say(localnet: Run, home: Path) -> None:
    started = up(localnet)
    assert started.returncode == 0, started.stderr
    assert "validator1: running" in started.stderr
    shown = status(localnet)
    assert shown["phase"] == "up"
    assert [validator["name"] for validator in shown["validators"]] == ["validator0", "validator1"]
    assert all(validator["height"] >= 1 and validator["restarts"] == 0 for validator in shown["validators"])
    assert up(localnet).returncode == 1

    before = shown["validators"][1]["processes"]
    assert localnet("restart", "validator1").returncode == 0
    after = status(localnet)["validators"][1]
    assert after["restarts"] == 1
    assert after["processes"].keys() == before.keys()
    assert after["processes"] != before

    logs = localnet("logs", "validator0", "--lines", "3")
    assert len(logs.stdout.splitlines()) == 3

    assert "validator0" in localnet("status").stdout
    stopped = localnet("down", "--json")
    assert json.loads(stopped.stdout) == {"home": str(home), "stopped": True}
    assert processes_in(home) == []
    down = localnet("status", "--json")
    assert down.returncode == 3
    assert json.loads(down.stdout)["phase"] == "down"
    assert localnet("down").returncode == 0
    assert up(localnet, "--json").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status",), 3, "there is no localnet"),
        (("down",), 3, "there is no localnet"),
        (("logs",), 2, "there is no log of anything"),
        (("up",), 2, "give --account KEY:registrar,issuer"),
        (("up", "--account", "admin"), 2, "give KEY:ROLE"),
        (("up", "--account", "/no/such/key.json:registrar"), 2, "there is no key file /no/such/key.json"),
        (("up", "--account", "a:b", "--app-state", "c"), 2, "not both"),
        (("up", "--app-state", "/no/such/file"), 2, "--app-state /no/such/file: No such file"),
        (("up", "--application", " "), 2, "--application is empty"),
        (("up", "--validators", "0"), 2, "--validators"),
    ],
)
def test_bad_input_is_one_line_with_its_exit_code(
    localnet: Run, home: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = localnet(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not home.exists()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"no JSON", "is not JSON: Expecting value in line 1, column 1"),
        (b"[1]", "must be a JSON object"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 3_000 + b"1" + b"}" * 3_000, "is nested too deeply"),
        (b'{"modules": ["accounts"], "modules": ["accounts", "ledger"]}', "has modules twice in one object"),
        (b'{"grid": {"grids": [{"vdg": "a", "vdg": "b"}]}}', "has grid.grids[0].vdg twice in one object"),
        ('{"chain": "café"}'.encode("latin-1"), "is not UTF-8 text: byte 0xe9 in line 1"),
        ("{}".encode("utf-16-le"), "is not UTF-8 text: it has NUL bytes"),
    ],
    ids=["no JSON", "no object", "deep arrays", "deep objects", "twice on top", "twice inside", "Latin-1", "UTF-16"],
)
def test_an_application_state_that_is_no_json_object_is_refused(
    localnet: Run, home: Path, tmp_path: Path, content: bytes, fault: str
) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(content)
    done = localnet("up", "--app-state", str(file))
    assert done.returncode == 2
    assert f"--app-state {file} {fault}" in done.stderr
    assert not home.exists()


def test_every_error_of_an_application_state_is_told_at_once(localnet: Run, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"modules": ["weather"], "max_expiry_s": 0}')
    done = localnet("up", "--app-state", str(file))
    assert done.returncode == 2
    assert "modules" in done.stderr
    assert "max_expiry_s" in done.stderr
    assert not home.exists()


def test_the_real_application_comes_up_with_accounts_of_ones_own_keys(localnet: Run, tmp_path: Path) -> None:
    key = create(tmp_path / "admin.json", "passphrase", kdf=Kdf(iterations=1, lanes=1, memory_kib=8))
    new = ("--validators", "2", "--timeout-commit-ms", "50", "--keys", str(tmp_path))
    started = localnet("up", *new, "--account", "admin:registrar,issuer")
    assert started.returncode == 0, started.stderr
    shown = status(localnet)
    assert all(len(validator["processes"]) == 2 for validator in shown["validators"])
    genesis = json.loads((Path(shown["home"]) / "validator0" / "config" / "genesis.json").read_text())
    assert genesis["app_state"]["accounts"]["accounts"] == [
        {"public_key": key.public_key.hex(), "roles": ["registrar", "issuer"], "label": "admin"}
    ]


def test_names_that_are_not_there_are_refused_with_those_that_are(localnet: Run) -> None:
    assert up(localnet).returncode == 0
    for command in ("restart", "logs"):
        done = localnet(command, "gateway")
        assert done.returncode == 2
        assert "validator0" in done.stderr
    assert localnet("down").returncode == 0
    done = localnet("restart", "validator0")
    assert done.returncode == 3
    assert "does not run" in done.stderr


def test_an_application_that_dies_ends_up_with_its_last_words_and_nothing_running(localnet: Run, home: Path) -> None:
    application = f"{sys.executable} -c \"import sys; sys.exit('no such store')\""
    done = localnet("up", "--validators", "1", "--application", application)
    assert done.returncode == 1
    assert "validator0 does not stay up" in done.stderr
    assert "no such store" in done.stderr
    assert processes_in(home) == []


def test_ctrl_c_stops_a_localnet_in_the_foreground_and_all_its_processes(home: Path) -> None:
    command = [
        *VDG,
        "localnet",
        "up",
        "--application",
        "kvstore",
        "--validators",
        "1",
        "--foreground",
        "--home",
        str(home),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "Ctrl-C stops it" in line:
                break
        assert len(processes_in(home)) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 0
        assert processes_in(home) == []
    finally:
        process.kill()
        process.wait()


def test_followed_logs_end_with_ctrl_c(localnet: Run, home: Path) -> None:
    assert up(localnet).returncode == 0
    command = [*VDG, "localnet", "logs", "validator0", "--follow", "--lines", "0", "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        # It waits for a line that is written after it began.
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        # Reads on, so that it can't be held up by a full pipe.
        process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate()


def test_a_reader_that_leaves_early_is_no_error(localnet: Run, home: Path) -> None:
    assert up(localnet).returncode == 0
    command = f"{sys.executable} -m node.cli.main localnet logs --home {home} --lines 100 | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_a_supervisor_that_was_killed_is_seen_as_down_and_can_be_started_again(localnet: Run, home: Path) -> None:
    assert up(localnet).returncode == 0
    os.kill(status(localnet)["supervisor_pid"], signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while processes_in(home):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert localnet("status").returncode == 3
    assert up(localnet).returncode == 0
