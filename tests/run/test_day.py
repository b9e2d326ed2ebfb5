"""A short day on four real validators, started as a user starts it: `vdg run`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from node.localnet.errors import LocalnetError
from node.localnet.status import read_status
from node.run.report import Report

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
VDG = Path(sys.executable).parent / "vdg"


class Running:
    """A `vdg run` in a folder of its own."""

    def __init__(self, folder: Path, *options: str, slot_seconds: int = 2) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [VDG, "run", "--slot-seconds", str(slot_seconds), "--out", str(folder / "out"), *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"COLUMNS": "200"},
        )

    @property
    def net(self) -> Path:
        """The folder of its localnet. Raises: StopIteration before it is there."""
        return next((self.folder / "run").glob("vdg-*")) / "net"

    def report(self) -> Report:
        """What it reported."""
        return Report.model_validate_json((self.folder / "out" / "report.json").read_text())

    def children(self) -> list[psutil.Process]:
        """All processes that it started and that run."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def end(self) -> str:
        """Wait for its end and return what it printed."""
        output, _ = self.process.communicate(timeout=240)
        return output


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*options: str, slot_seconds: int = 2) -> Running:
        started.append(Running(tmp_path, *options, slot_seconds=slot_seconds))
        return started[-1]

    yield begin
    for running in started:
        for process in running.children():
            process.kill()
        running.process.kill()
        running.process.wait()


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def heights(running: Running) -> list[int]:
    """The validators' heights; zeros before they answer."""
    try:
        return [validator.height or 0 for validator in asyncio.run(read_status(running.net)).validators]
    except (StopIteration, OSError, LocalnetError):
        return [0]


def test_homes_trade_and_settle_while_a_validator_is_killed_and_comes_back(start: Callable[..., Running]) -> None:
    running = start("--homes", "33", "--from-slot", "54", "--slots", "12")
    wait_until(lambda: (running.folder / "run").exists() and min(heights(running)) >= 20, 90, "blocks on all")
    victims = [p for p in running.children() if "validator1" in p.cwd() and "node.validator" in " ".join(p.cmdline())]
    assert len(victims) == 1
    victims[0].kill()
    output = running.end()
    assert running.process.returncode == 0, output
    report = running.report()
    assert report.problems == []
    assert report.finished
    assert report.slots_settled == report.slots == 12
    assert report.slots_settled_at_deadline == 0
    assert report.contracts.made > 0
    assert report.contracts.made == report.contracts.settled + report.contracts.unwound
    assert report.energy_traded_wh > 0
    assert report.eur_minted_neur == report.eur_held_neur
    assert report.app_hash_agreed.disagreements == 0
    assert report.app_hash_agreed.heights == report.blocks
    assert report.books.late_blocks_max == 0
    assert len(report.homes) == 33
    restarts = (running.net / "log" / "validator1.app.log").read_text().count("listening on")
    assert restarts == 2
    assert not running.children()


def test_chapter_6_is_lived_with_grid_switches_and_control_on_four_validators(start: Callable[..., Running]) -> None:
    # A minute and a half: the slots before the one that is reported fill batteries, and have sessions too.
    running = start("--scenario", "chapter6", "--from-slot", "76", "--slots", "1", slot_seconds=6)
    output = running.end()
    assert running.process.returncode in (0, 1), output
    report = running.report()
    assert report.finished
    assert len(report.homes) == 50
    assert report.app_hash_agreed.disagreements == 0
    assert report.grid is not None
    assert report.control is not None
    assert "open" not in {session.outcome for session in report.control.sessions}
    converged = [session for session in report.control.sessions if session.outcome == "converged"]
    assert converged, report.control.sessions
    for pcc in (pcc for session in converged for pcc in session.pccs):
        assert pcc.after_wh is not None
        assert pcc.min_wh is None or pcc.after_wh >= pcc.min_wh - 10
        assert pcc.max_wh is None or pcc.after_wh <= pcc.max_wh + 10
    assert "confirmed" in {order.status for order in report.control.phase_orders}


def test_ctrl_c_stops_everything_cleanly_and_still_reports(start: Callable[..., Running]) -> None:
    running = start("--homes", "4", "--validators", "1", "--slots", "20")
    wait_until(lambda: (running.folder / "run").exists() and min(heights(running)) >= 3, 90, "blocks")
    wait_until(lambda: any("clients.household" in " ".join(p.cmdline()) for p in running.children()), 30, "agents")
    children = running.children()
    os.kill(running.process.pid, signal.SIGINT)
    output = running.end()
    assert running.process.returncode == 130, output
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not running.report().finished
    assert "interrupted" in (running.folder / "out" / "report.html").read_text()
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--day", "02-30"), "02-30"),
        (("--from-slot", "140", "--slots", "10"), "stay within one day"),
        (("--slot-seconds", "0"), "slot-seconds"),
        (("--homes", "1"), "homes"),
        (("--day-ahead", "tomorrow"), "give noon, or how many slots"),
        (("--day-ahead", "5"), "give noon, or how many slots"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_a_reason(
    start: Callable[..., Running], options: tuple[str, ...], told: str
) -> None:
    running = start(*options)
    output = running.end()
    assert running.process.returncode == 2
    assert told in output
    assert "Traceback" not in output
