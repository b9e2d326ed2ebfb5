"""A short day on four real validators, started as a user starts it: `vdg run`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiomqtt
import psutil
import pytest
import yaml

from emulator.homes import DEFAULT_DAY
from emulator.scenario import Scenario
from node.cometbft.rpc import RpcClient
from node.localnet.errors import LocalnetError
from node.localnet.status import read_status
from node.run.genesis import VDG as GRID
from node.run.report import Report
from node.run.scenario import plan_of
from tests.emulator.test_csv_input import write
from tests.run.receipts import export_receipts
from wire.answered import Answered
from wire.codec import decode, encode
from wire.control import (
    ControlOutcome,
    ControlSession,
    GetSessionRequest,
    GetSessionResponse,
)
from wire.mqtt import Topics

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
VDG = Path(sys.executable).parent / "vdg"
T = TypeVar("T")


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
    running = start("--homes", "33", "--from-slot", "54", "--slots", "12", "--devices", "8")
    wait_until(lambda: (running.folder / "run").exists() and min(heights(running)) >= 20, 90, "blocks on all")
    victims = [p for p in running.children() if "validator1" in p.cwd() and "node.validator" in " ".join(p.cmdline())]
    assert len(victims) == 1
    victims[0].kill()
    receipts = export_receipts(running.net, running.folder)
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
    assert len(report.application_memory_mib) == 4
    assert max(report.application_memory_mib.values()) < 200
    assert len(report.homes) == 33
    batteries = [home.battery for home in report.homes if home.battery is not None]
    assert len(batteries) == 25
    assert all(battery.limits_kept and battery.cycles <= 1 for battery in batteries)
    kept = [device for home in report.homes for device in home.devices_kept]
    assert {device.device for device in kept} == {"car", "heat", "water", "washer"}
    assert all(device.kept for device in kept)
    assert sum(home.commitments.slots for home in report.homes) > 0
    assert sum(stage.orders for stage in report.stages) >= report.contracts.made / 2
    assert sum(stage.beyond for stage in report.stages) <= sum(stage.orders for stage in report.stages) / 10
    assert receipts.are_proved()
    restarts = (running.net / "log" / "validator1.app.log").read_text().count("listening on")
    assert restarts == 2
    assert not running.children()


async def killed_in_mid_session(running: Running, url: str) -> ControlSession:
    """kill -9 the DSO's daemon when a session is open on the chain and homes have answered a signal; which session.

    It is stopped first, so that what it has sent before is in a block when it is killed, and the session still open.
    """
    configuration = yaml.safe_load((running.net.parent / "services" / "dso" / "dso.yaml").read_text())
    broker = urlsplit(configuration["mqtt"]["url"])
    async with RpcClient(url) as rpc, aiomqtt.Client(str(broker.hostname), int(broker.port or 0)) as client:
        topic = Topics().answered("+")
        await client.subscribe(topic)
        tried: set[tuple[int, int]] = set()
        async with asyncio.timeout(120):
            async for message in client.messages:
                # The embedded broker greets with what others have subscribed to.
                if not message.topic.matches(topic):
                    continue
                answered = Answered.model_validate_json(message.payload)
                if (answered.slot, answered.session) in tried:
                    continue
                tried.add((answered.slot, answered.session))
                request = GetSessionRequest(GRID, answered.slot, answered.session)
                (dso,) = [process for process in running.children() if "clients.dso" in process.cmdline()]
                dso.suspend()
                height = (await rpc.status()).height
                while (await rpc.status()).height < height + 2:
                    await asyncio.sleep(0.02)
                session = (await asked(rpc, request, GetSessionResponse)).session
                if session is not None and not session.outcome:
                    dso.kill()
                    return session
                dso.resume()
    raise AssertionError("the broker has closed the connection")


async def end_of(url: str, session: ControlSession) -> ControlSession:
    """Wait for a session's end."""
    async with RpcClient(url) as rpc, asyncio.timeout(60):
        while True:
            request = GetSessionRequest(GRID, session.slot, session.session)
            now = (await asked(rpc, request, GetSessionResponse)).session
            if now is not None and now.outcome:
                return now
            await asyncio.sleep(0.1)


async def asked(rpc: RpcClient, request: Any, response: type[T]) -> T:
    """A node's answer."""
    path = f"/control/{type(request).__name__.removesuffix('Request')}"
    return decode(response, (await rpc.abci_query(path, encode(request))).value)


def test_chapter_6_is_lived_with_grid_switches_and_control_though_the_dso_is_killed_in_mid_session(
    start: Callable[..., Running],
) -> None:
    # Under two minutes: the slots before those that are reported fill batteries, and have sessions too.
    running = start("--scenario", "chapter6", "--from-slot", "76", "--slots", "3", slot_seconds=6)
    wait_until(lambda: (running.folder / "run").exists() and min(heights(running)) >= 20, 90, "blocks on all")
    url = asyncio.run(read_status(running.net)).validators[0].rpc_url
    session = asyncio.run(killed_in_mid_session(running, url))
    ended = asyncio.run(end_of(url, session))
    # By the chain, in time, or by the next process as soon as it is there.
    assert ended.outcome in (
        ControlOutcome.CONTROL_OUTCOME_TIMED_OUT,
        ControlOutcome.CONTROL_OUTCOME_OVERTAKEN,
        ControlOutcome.CONTROL_OUTCOME_ABORTED,
    )
    agents = running.net / "log" / "households.log"
    over = f"session {session.session} of slot {session.slot} of {GRID} is over: "
    wait_until(lambda: over in agents.read_text(), 30, "homes go back to what they had planned")
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
    assert any(session.why is not None and "% is allowed" in session.why for session in converged)
    for pcc in (pcc for session in converged for pcc in session.pccs):
        assert pcc.after_wh is not None
        assert pcc.min_wh is None or pcc.after_wh >= pcc.min_wh - 10
        assert pcc.max_wh is None or pcc.after_wh <= pcc.max_wh + 10
    assert "confirmed" in {order.status for order in report.control.phase_orders}


def test_chapter_5_orders_phases_that_its_switches_confirm_and_its_dso_watches_the_grid(
    start: Callable[..., Running],
) -> None:
    running = start("--scenario", "chapter5", "--validators", "1", "--from-slot", "73", "--slots", "1", slot_seconds=4)
    output = running.end()
    assert running.process.returncode == 0, output
    report = running.report()
    assert report.finished
    assert len(report.homes) == 50
    assert report.control is not None
    orders = report.control.phase_orders
    assert "confirmed" in {order.status for order in orders}
    assert {order.home for order in orders} <= set(plan_of(Scenario.CHAPTER_5, DEFAULT_DAY).switched)
    assert report.grid is not None
    # The transformer carries less than 70 % there, so there is nothing to control; but it was looked at.
    dso = running.net.parent / "services" / "dso"
    assert yaml.safe_load((dso / "dso.yaml").read_text())["control"].keys() == {"network", "homes_csv"}
    status = json.loads((dso / "status.json").read_text())
    assert status["station"]["readings_stored"] > 0
    assert len(status["control"]) >= len(report.control.sessions)


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


def test_own_homes_and_profiles_are_lived(start: Callable[..., Running], tmp_path: Path) -> None:
    data = tmp_path / "own"
    data.mkdir()
    write(data)
    running = start("--data", "own", "--day", "01-01", "--validators", "1", "--from-slot", "72", "--slots", "2")
    output = running.end()
    # Nothing says that so little is traded.
    assert running.process.returncode in (0, 1), output
    report = running.report()
    assert set(report.problems) <= {"no energy was traded"}, output
    assert report.finished
    assert report.slots_settled == 2
    assert {home.id: home.kind for home in report.homes} == {"a": "plain", "b": "pv", "c": "pv_battery"}
    assert [(slot.load_wh, slot.pv_wh) for slot in report.per_slot] == [
        (3 * (100 + slot) // 6, 7 * (100 + slot) // 6) for slot in (72, 73)
    ]
    assert next(home.battery.max_wh for home in report.homes if home.battery is not None) == 7_200
    # What was proved is what was lived: the plain home's whole Wh.
    plain = next(home for home in report.homes if home.id == "a")
    assert plain.import_wh == pytest.approx(sum(100 + slot for slot in (72, 73)) / 6, abs=1)


def test_a_process_that_gives_up_ends_the_run_with_a_report_of_what_was_seen(start: Callable[..., Running]) -> None:
    running = start("--homes", "3", "--validators", "1", "--slots", "20")
    assert running.process.stdout is not None
    # Its first line of figures: it is connected, and follows the chain.
    assert any("slots settled 0 of 20" in line for line in running.process.stdout)
    killed: set[int] = set()
    # Its supervisor takes five quick ends in a row for hopeless.
    deadline = time.monotonic() + 90
    while running.process.poll() is None:
        assert time.monotonic() < deadline
        for process in running.children():
            try:
                if process.pid not in killed and "clients.dso.signer" in process.cmdline():
                    process.kill()
                    killed.add(process.pid)
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.05)
    output = running.end()
    assert running.process.returncode == 1, output
    assert "vdg: signer does not stay up: " in output
    assert "Traceback" not in output
    assert len(killed) >= 5
    report = running.report()
    assert not report.finished
    assert report.blocks > 0
    assert report.app_hash_agreed.heights == report.blocks
    assert report.eur_minted_neur == report.eur_held_neur
    assert (report.eur_minted_neur or 0) > 0
    assert report.failure.startswith("signer does not stay up: ")
    assert list(report.application_memory_mib) == ["validator0"]
    assert 30 < report.application_memory_mib["validator0"] < 200
    assert report.problems[0] == f"the run could not go on: {report.failure}"
    assert "could not go on" in (running.folder / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--day", "02-30"), "02-30"),
        (("--from-slot", "140", "--slots", "10"), "stay within one day"),
        (("--slot-seconds", "0"), "slot-seconds"),
        (("--homes", "1"), "homes"),
        (("--day-ahead", "tomorrow"), "give noon, or how many slots"),
        (("--day-ahead", "5"), "give noon, or how many slots"),
        (("--beside", "nowhere.json"), "live the same day with --strategy plain"),
        (("--data", "nowhere"), "homes.csv: can't be read (No such file or directory); put it into nowhere"),
        (("--data", "nowhere", "--scenario", "chapter4"), "leave out --data or --scenario"),
        (("--out", "/dev/null"), "choose another folder with --out"),
        (("--out", "/sys/nowhere"), "choose another folder with --out"),
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
    assert not (running.folder / "run").exists()
