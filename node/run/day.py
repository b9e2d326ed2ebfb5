"""A day from start to end: validators, services, observation, report."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clients.common.chain import Chain
from clients.common.errors import ChainError
from clients.common.outbox import refused_at_door
from clients.common.wallet import Wallet
from clients.household.strategy import StrategyName
from node.localnet.localnet import Localnet
from node.run.assembly import Observed
from node.run.beside import read_plain
from node.run.cast import Cast
from node.run.chain import Memory, given_up_s, make_chain
from node.run.control_why import read_whys
from node.run.daylog import DayLog
from node.run.errors import RunError
from node.run.homes import homes_lived
from node.run.memory import application_memory_mib
from node.run.observer import compare_app_hashes, observing
from node.run.progress import Display
from node.run.report import Report
from node.run.scenario import GridPlan
from node.run.services import CONTROL_ROOM_PERMILLE, Stage
from node.run.site import Site
from node.run.stages import read_decisions
from node.run.timing import DayAhead, Timing
from node.run.writing import prepare_folder, write_report
from wire.ledger import GetSupplyRequest, GetSupplyResponse

_KEPT_RUNS = 3
_REFRESH_SECONDS = 0.25
_SUPPLY_SECONDS = 10.0


DisplayFactory = Callable[[DayLog, Timing], Display]


@dataclass(frozen=True)
class Options:
    """What a user chooses; ``from_slot`` is a slot of the day. Without ``day_ahead`` the gate of the day's hourly
    blocks has passed when the run begins. ``beside``: report.json of the same slots by the plain rule.

    ``homes``: by default 33, or all of ``data``, a folder of own CSV files.
    ``folder`` is where the processes' files and logs of all runs go.
    """

    slot_seconds: int
    from_slot: int
    slots: int
    homes: int | None
    validators: int
    day: str
    out: Path
    folder: Path = Path("run")
    day_ahead: DayAhead | None = None
    memory: Memory | None = None
    strategy: StrategyName = StrategyName.PLANNED
    plan: GridPlan | None = None
    devices: int = 0
    beside: Path | None = None
    data: Path | None = None


async def run_day(options: Options, display_of: DisplayFactory, stop: asyncio.Event) -> Report:
    """Live the day, or until ``stop`` is set; writes report.json and report.html and returns the report.

    What goes wrong once the validators are up is raised when a report of what was seen until then is written.

    Raises: RunError, ChainError, LocalnetError, ToolchainError, ValueError naming the option.
    """
    started_s = time.time()
    plan = options.plan
    homes = homes_lived(options.day, options.homes, options.data, plan)
    plain = None
    if options.beside is not None:
        wanted = {"day": options.day, "from_slot": options.from_slot, "slots": options.slots}
        plain = read_plain(options.beside, wanted, {home.id: home.kind for home in homes}, options.devices)
    timing = Timing.starting(int(started_s), options.slot_seconds, options.from_slot, options.slots, options.day_ahead)
    prepare_folder(options.out)
    chain_id = f"vdg-{options.day}-{int(started_s)}"
    folder = _new_folder(options.folder, chain_id)
    cast = Cast.fresh(homes, options.validators)
    site = Site.on_this_machine(folder / "services")
    stage = Stage(site, chain_id, cast, timing, options.day, options.strategy, plan, options.devices, options.data)
    net = make_chain(folder / "net", chain_id, cast, timing, options.day_ahead, options.memory, plan)
    for service in stage.services(options.validators, net.genesis_file):
        net.add_service(service)
    log = DayLog(timing.from_slot, timing.slots)
    latencies_s: list[float] = []
    probing = Wallet.from_seed(cast.supplier.seed)
    supply: GetSupplyResponse | None = None
    app_hashes = 0, 0
    memory_mib: dict[str, float] = {}
    is_up = False

    def seen(finished: bool, failure: str = "") -> Observed:
        return Observed(
            chain_id,
            options.day,
            options.validators,
            cast.accounts,
            timing,
            log,
            latencies_s,
            supply,
            app_hashes,
            folder / "net" / "log" / "emulator.log",
            time.time() - started_s,
            finished,
            options.devices,
            options.strategy,
            read_decisions(folder / "services" / "households" / "data" / "household.db"),
            plain,
            failure,
            _refused_at_door(folder / "services"),
            memory_mib,
            CONTROL_ROOM_PERMILLE if plan is not None and plan.strained else 0,
            read_whys(folder / "services" / "dso" / "status.json"),
        )

    with display_of(log, timing) as display:
        display.note(f"starting {options.validators} validators and {len(homes)} homes; logs are in {folder}")
        try:
            async with net:
                await net.up(report=display.note)
                is_up = True
                chain = await _connect(stage.site.gateway, chain_id, net)
                try:
                    async with chain, observing(chain, probing, cast.dso.address, log, latencies_s):
                        try:
                            finished = await _wait_for_the_end(net, log, timing, display, stop)
                        finally:
                            supply = await _supply(chain)
                finally:
                    memory_mib = application_memory_mib(net)
                    display.note("comparing the validators' app hashes")
                    clients = [net.rpc(index) for index in range(options.validators)]
                    app_hashes = await compare_app_hashes(clients, log.height)
                display.note("stopping")
        except Exception as error:
            if is_up:
                _report_unfinished(partial(seen, False, str(error)), options.out, display)
            raise
    return write_report(seen(finished), options.out)


def _new_folder(parent: Path, name: str) -> Path:
    """A folder for this run; the oldest runs' folders go."""
    parent.mkdir(parents=True, exist_ok=True)
    old = sorted((path for path in parent.glob("vdg-*") if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in old[: -(_KEPT_RUNS - 1)]:
        shutil.rmtree(path)
    return (parent / name).resolve()


async def _connect(gateway: str, chain_id: str, net: Localnet) -> Chain:
    """The chain through the gateway, as soon as it serves. Raises: LocalnetError when a process gave up."""
    opening = asyncio.create_task(Chain.open(gateway, chain_id=chain_id))
    failing = asyncio.create_task(net.wait_for_failure())
    await asyncio.wait({opening, failing}, return_when=asyncio.FIRST_COMPLETED)
    failing.cancel()
    if not opening.done():
        opening.cancel()
        net.check()
    return await opening


def _refused_at_door(services: Path) -> Counter[int]:
    """By result code, what the services' state files say of transactions that are in no block."""
    files = ("households/data/chain.db", "dso/dso-chain.db", "switches/chain.db")
    return sum((refused_at_door(services / file) for file in files), Counter())


async def _supply(chain: Chain) -> GetSupplyResponse | None:
    """How much money there is; None where nobody says so in time."""
    try:
        async with asyncio.timeout(_SUPPLY_SECONDS):
            supply: GetSupplyResponse = await chain.query(GetSupplyRequest())
    except (ChainError, TimeoutError):
        return None
    return supply


def _report_unfinished(seen: Callable[[], Observed], out: Path, display: Display) -> None:
    """Write what was seen until the run failed. That it can't be read or written must not hide why it failed."""
    display.note(f"writing what was seen until now to {out}")
    try:
        write_report(seen(), out)
    except (OSError, sqlite3.Error) as error:
        display.note(f"no report: {error}")


async def _wait_for_the_end(net: Localnet, log: DayLog, timing: Timing, display: Display, stop: asyncio.Event) -> bool:
    """Until every slot of the day is settled (True), or it is stopped (False).

    Raises: LocalnetError when a process gave up; RunError when the last slot does not settle in time.
    """
    last_s = given_up_s(timing)
    while log.slots_settled < log.slots:
        if stop.is_set():
            return False
        net.check()
        if time.time() > last_s:
            raise RunError(
                f"{log.slots - log.slots_settled} slots are not settled in time: see the logs in {net.home / 'log'}"
            )
        display.refresh()
        await asyncio.sleep(_REFRESH_SECONDS)
    return True
