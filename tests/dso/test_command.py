"""The commands `vdg dso …`, and that the samples in config/ are what the code takes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clients.common.configuration import ConfigurationError, Section, read_configuration
from clients.dso.command import app
from clients.dso.daemon_configuration import DaemonConfiguration
from clients.dso.signer.configuration import SignerConfiguration
from tests.dso.signer_process import SignerProcess

CONFIG = Path(__file__).parents[2] / "config"
STATUS = {
    "running": True,
    "pid": 7,
    "chain_id": "chain",
    "vdg": "grid",
    "slot": 12,
    "members": 33,
    "broker_connected": True,
    "readings_stored": 300,
    "messages_refused": 1,
    "last_finished_slot": 11,
    "open_slots": [],
    "proofs": {"proved": 299, "late": 1},
    "rebates_posted_to_slot": 143,
    "findings": {"gap": 1},
    "recent_findings": [{"kind": "gap", "meter": "m-1", "slot": 4, "value": "1 slot", "way_out": "see after it"}],
}


def write_status(path: Path, **changes: object) -> Path:
    """A status file."""
    path.write_text(json.dumps({**STATUS, "time_s": time.time(), **changes}))
    return path


def test_status_tells_how_the_daemon_is_doing(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["status", str(write_status(tmp_path / "status.json"))])
    assert done.exit_code == 0
    for part in ("running (pid 7)", "33 members", "1 late, 299 proved", "posted to slot 143", "gap m-1 slot 4: 1 slot"):
        assert part in done.output


def test_status_tells_what_a_daemon_does_on_its_grid_and_why(tmp_path: Path) -> None:
    cap = {"slot": 20, "import_cap_wh": 10**12, "export_cap_wh": 702, "reason": "as in slot 8: transformer at t1"}
    session = {"slot": 11, "why": "voltage high at bus 8", "outcome": "CONTROL_OUTCOME_CONVERGED", "signals": 5}
    changes = {
        "station": {"readings_stored": 11, "messages_refused": 2},
        "control": [session, session | {"slot": 12, "outcome": None}],
        "caps": {"judged_to_slot": 22, "recent": [cap, cap | {"slot": 21, "import_cap_wh": 30}]},
    }
    done = CliRunner().invoke(app, ["status", str(write_status(tmp_path / "status.json", **changes))])
    assert done.exit_code == 0
    for line in (
        "station    11 readings stored, 2 messages refused",
        "slot 11: voltage high at bus 8; CONTROL_OUTCOME_CONVERGED after 5 signals",
        "slot 12: voltage high at bus 8; ended by the chain after 5 signals",
        "caps       judged to slot 22",
        "slot 20: a home's export 702 Wh; as in slot 8: transformer at t1",
        "slot 21: a home's import 30 Wh and export 702 Wh; as in slot 8",
    ):
        assert line in done.output


def test_status_of_a_daemon_that_is_not_running_or_hangs_ends_with_code_3(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    for changes in ({"running": False}, {"time_s": time.time() - 60}):
        done = CliRunner().invoke(app, ["status", "--json", str(write_status(path, **changes))])
        assert done.exit_code == 3
        assert json.loads(done.output)["running"] is False


@pytest.mark.parametrize("content", ["{", "[]", '{"running": true}'])
def test_a_file_that_is_no_status_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_text(content)
    for path in (tmp_path / "status.json", tmp_path / "missing.json"):
        done = CliRunner().invoke(app, ["status", str(path)])
        assert done.exit_code == 2
        assert "give the daemon's status_file" in done.output


def test_pki_makes_the_files_and_refuses_to_make_them_twice(tmp_path: Path) -> None:
    names_given = ["--server", "dso.example", "--client", "one", "--client", "two"]
    arguments = ["pki", str(tmp_path / "pki"), *names_given, "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    names = [Path(path).name for path in json.loads(done.output)["files"]]
    assert names == [f"{name}.{kind}" for name in ("ca", "server", "one", "two") for kind in ("crt", "key")]
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, "exist" in again.output) == (2, True)


def test_the_signer_command_makes_a_keystore_and_a_record(tmp_path: Path) -> None:
    file = SignerProcess(tmp_path).file
    done = CliRunner().invoke(app, ["signer", str(file), "--init"], env={"SIGNER_PASSPHRASE": "x"})
    assert done.exit_code == 0
    assert len(bytes.fromhex(done.output.strip())) == 32
    assert {path.name for path in tmp_path.iterdir()} >= {"proof-key.json", "record.sqlite"}
    refused = CliRunner().invoke(app, ["signer", str(tmp_path / "missing.yaml")])
    assert refused.exit_code == 2
    assert CliRunner().invoke(app, ["run", str(tmp_path / "missing.yaml")]).exit_code == 2


@pytest.mark.parametrize(("name", "model"), [("signer.yaml", SignerConfiguration), ("dso.yaml", DaemonConfiguration)])
def test_the_samples_are_valid(name: str, model: type[Section]) -> None:
    read_configuration(CONFIG / name, model)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "is not UTF-8"),
        (b"a: [", "is not YAML: expected the node content, but found '<stream end>' in line 1, column 5"),
        (b"a: [" + b"[" * 3_000, "is nested deeper than 32 in line 1, column 36: make it simpler"),
        (b"vdg: a\nvdg: b\n", "has the key 'vdg' twice in line 2, column 1: keep one of them"),
        (b"mqtt: {url: a, tls: {}, url: b}\n", "has the key 'url' twice in line 1, column 25"),
        (b"vdg: 2026-02-31\n", "is not YAML: day is out of range for month"),
        (b"vdg: [secret\n", "is not YAML"),
        (b"[]", "(the file)"),
        (b"chain_id: 7\nvdg: ''\nmqtt: {url: 'http://x'}\n", "chain_id = 7"),
        (b"chain_id: 7\nvdg: ''\nmqtt: {url: 'http://x'}\n", "mqtt.url = 'http://x'"),
        (b"mqtt: {url: 'mqtt://u:secret@x'}\n", "password_env"),
        (b"account: {keystore: key.json, passphrase: secret}\n", "account.passphrase"),
    ],
)
def test_a_wrong_file_is_refused_naming_each_field(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "dso.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(tmp_path / "dso.yaml", DaemonConfiguration)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
