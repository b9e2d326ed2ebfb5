"""Supervision of small real processes."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from node.localnet.process import Command, Process
from node.localnet.unit import RestartPolicy, Unit, UnitState
from tests.localnet.conftest import eventually

QUICK = RestartPolicy(first_pause_seconds=0.01, longest_pause_seconds=0.02, healthy_seconds=30, max_quick_ends=3)

# Says when it starts and when it is asked to end.
POLITE = """
import signal, sys, time
def end(*_):
    print("end", sys.argv[1], time.monotonic(), flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("start", sys.argv[1], time.monotonic(), flush=True)
signal.pause()
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, time
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""


def python(
    folder: Path, name: str, script: str, grace_seconds: float = 15.0, passing_ends: Mapping[int, str] | None = None
) -> Command:
    argv = (sys.executable, "-IS", "-c", script, name)
    return Command(
        name,
        argv,
        folder,
        folder / f"{name}.log",
        grace_seconds=grace_seconds,
        passing_ends=passing_ends or {},
    )


def log(command: Command) -> str:
    return command.log.read_text() if command.log.exists() else ""


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Unit]]:
    """Starts a unit and stops it at the end of the test."""
    units: list[Unit] = []

    def start(*commands: Command, **settings: object) -> Unit:
        unit = Unit("unit", commands, policy=QUICK, **settings)  # type: ignore[arg-type] # passed on as they are
        unit.start()
        units.append(unit)
        return unit

    yield start
    for unit in units:
        await unit.stop()


async def test_processes_start_in_order_and_end_in_reverse(tmp_path: Path, start: Callable[..., Unit]) -> None:
    app, node = python(tmp_path, "app", POLITE), python(tmp_path, "node", POLITE)
    unit = start(app, node)
    assert list(unit.processes) == []
    await eventually(lambda: "start" in log(app) and "start" in log(node))
    assert list(unit.processes) == ["app", "node"]
    await unit.stop()
    ends = [float(log(command).splitlines()[-1].split()[2]) for command in (node, app)]
    assert ends[0] < ends[1]
    assert unit.state is UnitState.STOPPED
    assert unit.processes == {}


async def test_when_one_ends_the_other_is_stopped_and_both_start_again(
    tmp_path: Path, start: Callable[..., Unit]
) -> None:
    app = python(tmp_path, "app", POLITE)
    script = "import os, sys; sys.exit(3) if not os.path.exists('again') and open('again', 'w') else None;" + POLITE
    node = python(tmp_path, "node", script)
    unit = start(app, node)
    await eventually(lambda: "start" in log(node))
    assert unit.restarts == 1
    assert unit.last_end == "node ended with exit code 3"
    await eventually(lambda: log(app).count("start") == log(app).count("end") + 1)


async def test_a_unit_that_keeps_ending_is_given_up(tmp_path: Path, start: Callable[..., Unit]) -> None:
    unit = start(python(tmp_path, "app", "print('tried')"))
    await eventually(lambda: unit.state is UnitState.FAILED)
    assert unit.restarts == QUICK.max_quick_ends - 1
    assert log(unit.commands[0]).count("tried") == QUICK.max_quick_ends
    assert unit.last_end == "app ended with exit code 0"


async def test_a_command_that_is_not_there_is_told_in_the_log(tmp_path: Path, start: Callable[..., Unit]) -> None:
    command = Command("app", ("/no/such/command",), tmp_path, tmp_path / "app.log")
    unit = start(command)
    await eventually(lambda: unit.state is UnitState.FAILED)
    assert "cannot start /no/such/command: No such file or directory" in log(command)


async def test_a_process_that_does_not_end_when_asked_is_killed_after_its_grace(
    tmp_path: Path, start: Callable[..., Unit]
) -> None:
    command = python(tmp_path, "app", STUBBORN, grace_seconds=0.2)
    unit = start(command)
    await eventually(lambda: "up" in log(command))
    process = unit.processes["app"]
    await unit.stop()
    assert await process.wait() == -9


async def test_a_process_that_died_just_before_it_was_asked_to_end_is_not_taken_for_obedient(tmp_path: Path) -> None:
    process = await Process.start(python(tmp_path, "app", POLITE))
    await eventually(lambda: "start" in log(process.command))
    process.send(signal.SIGKILL)
    # The loop has had no chance to hear of the end.
    await process.stop()
    assert process.ended_unasked
    assert process.describe_exit() == "app was ended by SIGKILL"


async def test_a_process_that_ends_when_asked_has_not_ended_unasked(tmp_path: Path) -> None:
    for script in (POLITE, PARENT):
        process = await Process.start(python(tmp_path, "app", script))
        await eventually(lambda: log(process.command) != "")  # noqa: B023 - awaited before the next
        assert not process.ended_unasked
        await process.stop()
        assert not process.ended_unasked
        process.command.log.unlink()


async def test_leftovers_of_an_earlier_run_are_removed_first(tmp_path: Path, start: Callable[..., Unit]) -> None:
    socket = tmp_path / "app.sock"
    socket.touch()
    command = python(
        tmp_path, "app", f"import os, time; print(os.path.exists({str(socket)!r}), flush=True); time.sleep(600)"
    )
    start(command, leftovers=(socket,))
    await eventually(lambda: log(command) == "False\n")


async def test_a_stopped_unit_can_be_started_again(tmp_path: Path, start: Callable[..., Unit]) -> None:
    command = python(tmp_path, "app", POLITE)
    unit = start(command)
    await eventually(lambda: "start" in log(command))
    await unit.stop()
    unit.start()
    await eventually(lambda: log(command).count("start") == 2)
    assert unit.restarts == 0


async def test_every_change_is_announced(tmp_path: Path, start: Callable[..., Unit]) -> None:
    seen: list[UnitState] = []
    unit: Unit = start(python(tmp_path, "app", ""), on_change=lambda: seen.append(unit.state))
    await eventually(lambda: unit.state is UnitState.FAILED)
    assert seen == [UnitState.RUNNING, UnitState.WAITING] * 2 + [UnitState.RUNNING, UnitState.FAILED]


async def test_what_a_command_started_ends_with_it(tmp_path: Path, start: Callable[..., Unit]) -> None:
    command = python(tmp_path, "app", PARENT)
    unit = start(command)
    await eventually(lambda: log(command).endswith("\n"))
    child = Path("/proc") / log(command).strip()
    await unit.stop()
    # The kernel may keep the line of a dead process for as long as nobody has read it.
    await eventually(lambda: not child.exists() or "Z (zombie)" in (child / "status").read_text())


async def test_a_trouble_that_passes_by_itself_is_waited_out_without_end_and_named(
    tmp_path: Path, start: Callable[..., Unit]
) -> None:
    script = (
        "import os, signal; print('tried', flush=True); os.path.exists('room') and signal.pause(); raise SystemExit(74)"
    )
    passing = python(tmp_path, "app", script, passing_ends={74: "its disk is full"})
    unit = start(passing)
    await eventually(lambda: log(passing).count("tried") >= 2 * QUICK.max_quick_ends)
    assert unit.state is not UnitState.FAILED
    assert unit.last_end == "app ended with exit code 74 (its disk is full)"
    (tmp_path / "room").touch()
    tries = log(passing).count("tried")
    await eventually(lambda: log(passing).count("tried") > tries and unit.state is UnitState.RUNNING)


async def test_the_trouble_counts_although_another_process_ends_first(
    tmp_path: Path, start: Callable[..., Unit]
) -> None:
    socket = tmp_path / "app.sock"
    script = (
        "import signal, sys; signal.signal(15, lambda *_: sys.exit(74)); "
        f"open({str(socket)!r}, 'w'); print('up', flush=True); signal.pause()"
    )
    app = replace(python(tmp_path, "app", script, passing_ends={74: "its disk is full"}), ready=socket)
    unit = start(app, python(tmp_path, "node", ""), leftovers=(socket,))
    await eventually(lambda: log(app).count("up") > QUICK.max_quick_ends)
    assert unit.last_end == "app ended with exit code 74 (its disk is full)"


async def test_a_log_that_the_disk_does_not_take_is_waited_out(
    tmp_path: Path, start: Callable[..., Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_command: Command) -> Process:
        raise OSError(errno.ENOSPC, "No space left on device")

    command = python(tmp_path, "app", POLITE)
    with monkeypatch.context() as patch:
        patch.setattr(Process, "start", full)
        unit = start(command)
        await eventually(lambda: unit.restarts > QUICK.max_quick_ends)
        assert unit.last_end == "cannot start: [Errno 28] No space left on device"
    await eventually(lambda: "start" in log(command))


async def test_what_depends_on_a_process_starts_once_that_is_ready(tmp_path: Path, start: Callable[..., Unit]) -> None:
    socket = tmp_path / "app.sock"
    app = python(tmp_path, "app", f"import time; time.sleep(0.2); open({str(socket)!r}, 'w'); time.sleep(600)")
    app = replace(app, ready=socket)
    node = python(
        tmp_path, "node", f"import os, time; print(os.path.exists({str(socket)!r}), flush=True); time.sleep(9)"
    )
    start(app, node, leftovers=(socket,))
    await eventually(lambda: log(node) == "True\n")


async def test_nothing_waits_for_a_process_that_ends_before_it_is_ready(
    tmp_path: Path, start: Callable[..., Unit]
) -> None:
    app = replace(python(tmp_path, "app", "print('tried')"), ready=tmp_path / "app.sock")
    node = python(tmp_path, "node", "print('started')")
    unit = start(app, node)
    await eventually(lambda: unit.state is UnitState.FAILED)
    assert log(node) == ""
