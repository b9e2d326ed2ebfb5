"""`vdg gateway` as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from tests.gateway.chain_host import DEADLINE_SECONDS, ChainHost
from tests.gateway.serving import GatewayProcess, client, eventually


@pytest.mark.network
async def test_the_process_serves_and_ends_in_order(chain: ChainHost, short_dir: Path) -> None:
    process = GatewayProcess(short_dir, chain.url)
    await process.start()
    assert (short_dir / "address").read_text() == process.target

    async with client(process.target) as one:

        async def answers() -> bool:
            try:
                return (await one.status()).height > 0
            except grpc.aio.AioRpcError:
                return False

        await eventually(answers, "the gateway answers")
    assert process.terminate() == 0
    lines = [line for line in (short_dir / "gateway.log").read_text().splitlines() if line.startswith("{")]
    messages = [json.loads(line)["message"] for line in lines]
    assert messages[0] == "listening"
    assert messages[-1] == "stopped"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "node.gateway", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)


def test_bad_settings_end_with_exit_code_2_and_every_reason(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("colour: red\nlisten: 7\n")
    ended = run("--config", str(tmp_path / "bad.yaml"))
    assert ended.returncode == 2
    assert "colour = 'red'" in ended.stderr
    assert "listen = 7" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_that_cannot_be_listened_on_is_named() -> None:
    ended = run("--listen", "203.0.113.1:1")
    assert ended.returncode == 2
    assert "listen = '203.0.113.1:1': cannot be listened on" in ended.stderr
