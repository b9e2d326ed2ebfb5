"""CometBFT's own conformance tool against our server."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from node.toolchain import binary
from tests.abci.binaries import VERSIONS, real_cometbft
from tests.abci.counter import Counter
from tests.abci.host import hosted
from tests.abci.kvstore import KvStore

pytestmark = [
    *real_cometbft,
    pytest.mark.parametrize("version", VERSIONS),
    pytest.mark.parametrize("address", ["", "tcp://127.0.0.1:0"], ids=["unix", "tcp"]),
]

COMMANDS = """\
echo hello
info
check_tx "abc"
check_tx "abc=123"
prepare_proposal "abc=123" "def=456"
process_proposal "abc==456"
process_proposal "abc=123"
finalize_block "abc=123" "def=456"
commit
info
query "abc"
query "xyz"
"""

ANSWERS = """\
> echo hello
-> code: OK
-> data: hello
-> data.hex: 0x68656C6C6F

> info
-> code: OK
-> data: {"size": 0}
-> data.hex: 0x7B2273697A65223A20307D

> check_tx "abc"
-> code: 1

> check_tx "abc=123"
-> code: OK

> prepare_proposal "abc=123" "def=456"
-> code: OK
-> log: Succeeded. Tx: abc=123
-> code: OK
-> log: Succeeded. Tx: def=456

> process_proposal "abc==456"
-> code: OK
-> status: REJECT

> process_proposal "abc=123"
-> code: OK
-> status: ACCEPT

> finalize_block "abc=123" "def=456"
-> code: OK
-> data.hex: 0x6162633D313233
-> code: OK
-> data.hex: 0x6465663D343536
-> code: OK

> commit
-> code: OK

> info
-> code: OK
-> data: {"size": 2}
-> data.hex: 0x7B2273697A65223A20327D

> query "abc"
-> code: OK
-> height: 0
-> key: abc
-> key.hex: 616263
-> value: 123
-> value.hex: 313233

> query "xyz"
-> code: 1
-> log: no such key
-> height: 0

"""


def abci_cli(version: str, address: str, command: str, script: str = "") -> subprocess.CompletedProcess[str]:
    tool = [str(binary("abci-cli", version)), "--address", address, "--log_level", "error", "--verbose", command]
    return subprocess.run(tool, input=script, capture_output=True, text=True, timeout=60, check=False)


def test_its_own_test_passes(version: str, address: str) -> None:
    with hosted(Counter(), address) as server:
        done = abci_cli(version, server.address, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed test: ") == 10
    assert "Failed" not in done.stdout


def test_a_batch_of_commands_is_answered_as_expected(version: str, address: str, tmp_path: Path) -> None:
    with hosted(KvStore(tmp_path / "state.json"), address) as server:
        done = abci_cli(version, server.address, "batch", COMMANDS)
    assert done.returncode == 0, done.stderr
    assert "".join(line.rstrip() + "\n" for line in done.stdout.splitlines()) == ANSWERS


def test_its_console_speaks_over_one_connection(version: str, address: str, tmp_path: Path) -> None:
    with hosted(KvStore(tmp_path / "state.json"), address) as server:
        done = abci_cli(version, server.address, "console", 'echo "one line per read"\n')
    assert '-> data: "one' in done.stdout
