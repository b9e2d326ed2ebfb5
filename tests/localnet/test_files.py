"""Ports, logs and plans."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from node.cli.localnet import app
from node.localnet import ports
from node.localnet.errors import LocalnetError, UnknownNameError
from node.localnet.log_reader import LogLine, follow_logs, last_lines, logs_of
from node.localnet.logfile import rotate, tail
from node.localnet.plan import VDG, Plan, Service, ValidatorPlan, fill_in
from node.localnet.ports import ephemeral_start, free_ports


@given(st.integers(min_value=0, max_value=40))
def test_ports_are_distinct_free_and_out_of_the_way_of_outgoing_connections(count: int) -> None:
    found = free_ports(count)
    assert len(set(found)) == count
    assert all(ports.LOWEST <= port < ephemeral_start() for port in found)
    for port in found:
        with socket.socket() as probe:
            probe.bind((ports.LOOPBACK, port))


def test_a_machine_without_enough_ports_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "LOWEST", port)
        monkeypatch.setattr(ports, "ephemeral_start", lambda: port + 1)
        with pytest.raises(LocalnetError, match="only 0 of 1 ports"):
            free_ports(1)


def test_a_log_that_is_too_large_is_kept_in_numbered_files_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with log.open("ab", buffering=0) as writer:
        for number in range(5):
            writer.write(b"%d" % number * 10)
            assert rotate(log, max_bytes=9, kept=3)
        writer.write(b"last")
    assert not rotate(log, max_bytes=9, kept=3)
    assert log.read_bytes() == b"last"
    assert [(tmp_path / f"app.log.{number}").read_bytes() for number in (1, 2, 3)] == [b"4" * 10, b"3" * 10, b"2" * 10]
    assert not (tmp_path / "app.log.4").exists()


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    assert tail(log, 3) == []
    log.write_text("".join(f"line {number}\n" for number in range(20_000)))
    assert tail(log, 2) == ["line 19998", "line 19999"]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    for name in ("validator0.app", "validator0.cometbft", "validator1.app", "gateway"):
        (tmp_path / "log" / f"{name}.log").write_text(f"{name} speaks\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gateway", ["gateway"]),
        ("validator0", ["validator0.app", "validator0.cometbft"]),
        ("validator1.app", ["validator1.app"]),
        ("", ["gateway", "validator0.app", "validator0.cometbft", "validator1.app"]),
    ],
)
def test_logs_are_found_by_process_by_validator_or_all(logs: Path, name: str, found: list[str]) -> None:
    assert list(logs_of(logs, name)) == found


def test_a_log_that_is_not_there_is_refused_with_those_that_are(logs: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no log of broker.*choose one of gateway, validator0\.app"):
        logs_of(logs, "broker")


def test_lines_come_with_the_process_that_wrote_them(logs: Path) -> None:
    assert list(last_lines(logs_of(logs, "gateway"), 5)) == [LogLine("gateway", "gateway speaks")]
    assert next(last_lines(logs_of(logs, "validator0"), 5)) == LogLine("validator0.app", "validator0.app speaks")


@pytest.mark.parametrize(
    ("name", "options", "printed"),
    [
        ("gateway", (), "gateway speaks"),
        ("validator0", ("--lines", "1"), "validator0.app: validator0.app speaks"),
        ("gateway", ("--json",), '{"process": "gateway", "line": "gateway speaks"}'),
    ],
)
def test_the_command_names_processes_among_several_and_always_in_json(
    logs: Path, name: str, options: tuple[str, ...], printed: str
) -> None:
    result = CliRunner().invoke(app, ["logs", name, "--home", str(logs), *options])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == printed


def test_followed_logs_give_whole_new_lines_also_after_a_rotation(logs: Path) -> None:
    found = logs_of(logs, "gateway")
    lines: Iterator[LogLine] = follow_logs(found)
    log = found["gateway"]

    def write() -> None:
        with log.open("a") as writer:
            writer.write("half of a line")
            writer.flush()
            writer.write(", and the rest\n")
        rotated.wait()
        rotate(log, max_bytes=0)
        log.write_text("anew\n")

    rotated = threading.Event()
    writing = threading.Thread(target=write)
    # The generator notes where the logs end when it is first asked.
    following = threading.Thread(target=lambda: got.append(next(lines).line))
    got: list[str] = []
    with log.open("a") as writer:
        following.start()
        while not got:
            writer.write("until it is seen\n")
            writer.flush()
            following.join(0.05)
    log.write_text("")
    writing.start()
    while got[-1] != "half of a line, and the rest":
        got.append(next(lines).line)
    rotated.set()
    while got[-1] != "anew":
        got.append(next(lines).line)
    writing.join()


def plan(**changes: object) -> Plan:
    validator = ValidatorPlan(
        name="validator0", rpc_port=1, p2p_port=2, node_id="ab", address="cd", public_key="ef", power=1
    )
    whole = Plan(chain_id="c", application=VDG, validators=(validator,))
    return whole.model_copy(update=changes)


def test_a_plan_comes_back_from_its_file(tmp_path: Path) -> None:
    written = plan(services=(Service(name="gateway", command=("a", "b"), environment={"C": "d"}),))
    written.save(tmp_path)
    assert Plan.load(tmp_path) == written
    assert [path.name for path in tmp_path.iterdir()] == ["localnet.json"]


@pytest.mark.parametrize("content", ["", "{}", '{"chain_id": 1}'])
def test_a_broken_plan_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "localnet.json").write_text(content)
    with pytest.raises(LocalnetError, match=r"localnet\.json cannot be used"):
        Plan.load(tmp_path)


def test_only_known_placeholders_are_filled_in() -> None:
    assert fill_in("{home}/x {other} {}", {"home": "/h"}) == "/h/x {other} {}"
