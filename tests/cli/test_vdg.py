"""The command as a whole: what it lists, how fast, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.cli.exits import CommandError, Exit, explain
from node.cli.groups import ENTRIES, GROUPS
from node.cli.lazy import Deferred
from node.cometbft.rpc_errors import RpcRefusedError, RpcUnreachableError
from node.localnet.errors import LocalnetError, NotRunningError, UnknownNameError
from node.run.errors import RunError
from node.toolchain import ToolchainError
from wire.keystore import KeystoreError, WrongPassphraseError

VDG = [sys.executable, "-m", "node.cli.main"]
# A development machine needs 0.16 s; the rest is for one that runs two test processes on two cores.
HELP_SECONDS = 1.0
HEAVY = ("aiohttp", "cryptography", "grpc", "matplotlib", "numpy", "pydantic", "plyvel", "abci_app")


def vdg(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*VDG, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if key != "VDG_PASSPHRASE"} | environment,
        timeout=60,
        check=False,
    )


def test_help_lists_every_group_quickly() -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        shown = vdg("--help")
        seconds.append(time.perf_counter() - started)
    assert shown.returncode == 0
    for word in {entry.path.partition(" ")[0] for entry in ENTRIES}:
        assert word in shown.stdout
    assert min(seconds) < HELP_SECONDS


def test_help_and_completion_import_nothing_heavy() -> None:
    script = (
        "import sys; from node.cli.main import app; "
        "sys.argv = ['vdg', '--help']\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        f"sys.exit(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path)
def test_every_entry_of_the_table_leads_to_a_command(entry: object) -> None:
    found = next(known for known in ENTRIES if known == entry)
    command = Deferred(found.path.rpartition(" ")[2], found).load()
    assert command.name == found.path.rpartition(" ")[2]
    shown = vdg(*found.path.split(), "--help")
    assert shown.returncode == 0
    assert "Usage: vdg " + found.path in shown.stdout


def test_every_group_without_an_entry_of_its_own_is_explained() -> None:
    assert {entry.path.partition(" ")[0] for entry in ENTRIES if " " in entry.path} == set(GROUPS)


@pytest.mark.parametrize("group", ["receipt", "query", "keys"])
def test_completion_is_installed_for_the_whole_command_alone(group: str) -> None:
    assert "--install-completion" in vdg("--help").stdout
    assert "completion" not in vdg(group, "--help").stdout


def test_completion_reaches_into_a_group() -> None:
    offered = vdg(_VDG_COMPLETE="complete_bash", COMP_WORDS="vdg localnet re", COMP_CWORD="2")
    assert offered.stdout.split() == ["restart"]


def test_the_version_is_told() -> None:
    assert vdg("--version").stdout.strip() == "0.1.0"


@pytest.mark.parametrize("arguments", [("localent",), ("localnet", "stats"), ("market", "claer"), ("keys", "show")])
def test_a_word_that_is_not_known_or_missing_is_bad_input(arguments: tuple[str, ...]) -> None:
    done = vdg(*arguments)
    assert done.returncode == Exit.BAD_INPUT
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("why", Exit.REFUSED), Exit.REFUSED),
        (RpcUnreachableError("why"), Exit.UNREACHABLE),
        (RpcRefusedError("why", code=-1, reason="no"), Exit.FAILURE),
        (NotRunningError("why"), Exit.UNREACHABLE),
        (UnknownNameError("why"), Exit.BAD_INPUT),
        (LocalnetError("why"), Exit.FAILURE),
        (RunError("why"), Exit.FAILURE),
        (ToolchainError("why"), Exit.FAILURE),
        (KeystoreError("why"), Exit.BAD_INPUT),
        (WrongPassphraseError("why"), Exit.BAD_INPUT),
        (OSError("why"), Exit.FAILURE),
    ],
)
def test_every_expected_failure_has_its_exit_code_and_message(error: Exception, code: Exit) -> None:
    assert explain(error) == ("why", code)


def test_an_unexpected_failure_says_how_to_see_more() -> None:
    message, code = explain(ZeroDivisionError("why"))
    assert code is Exit.FAILURE
    assert message == "internal error: ZeroDivisionError: why (VDG_DEBUG=1 shows where)"


def test_a_traceback_is_shown_only_when_asked_for(tmp_path: Path) -> None:
    arguments = ("keys", "show", str(tmp_path / "none.json"))
    assert vdg(*arguments).stderr.splitlines() == [
        f"vdg: there is no key file {tmp_path}/none.json: `vdg keys new` makes one"
    ]
    assert "Traceback" in vdg(*arguments, VDG_DEBUG="1").stderr


def test_keys_are_made_shown_and_listed_without_their_secrets(tmp_path: Path) -> None:
    made = vdg("keys", "new", "home7", "--json", VDG_KEYS=str(tmp_path), VDG_PASSPHRASE="secret words")
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)
    assert key["name"] == "home7"
    assert key["file"] == str(tmp_path / "home7.json")
    assert vdg("keys", "address", "home7", VDG_KEYS=str(tmp_path)).stdout.strip() == key["address"]
    assert json.loads(vdg("keys", "show", key["file"], "--json").stdout) == key
    listed = vdg("keys", "list", "--keys", str(tmp_path), "--json")
    assert json.loads(listed.stdout) == {"folder": str(tmp_path), "keys": [key]}
    assert key["address"] in vdg("keys", "list", "--keys", str(tmp_path)).stdout
    again = vdg("keys", "new", "home7", VDG_KEYS=str(tmp_path), VDG_PASSPHRASE="secret words")
    assert again.returncode == Exit.BAD_INPUT
    assert "exists already" in again.stderr


def test_a_key_without_a_passphrase_or_with_a_bad_name_is_refused(tmp_path: Path) -> None:
    done = vdg("keys", "new", "home7", VDG_KEYS=str(tmp_path))
    assert done.returncode == Exit.BAD_INPUT
    assert "set VDG_PASSPHRASE, or give --passphrase-file" in done.stderr
    done = vdg("keys", "new", ".hidden", VDG_KEYS=str(tmp_path), VDG_PASSPHRASE="x")
    assert done.returncode == Exit.BAD_INPUT
    empty = tmp_path / "empty"
    empty.touch()
    done = vdg("keys", "new", "home7", "--passphrase-file", str(empty), VDG_KEYS=str(tmp_path))
    assert done.returncode == Exit.BAD_INPUT
    assert list(tmp_path.glob("*.json")) == []
