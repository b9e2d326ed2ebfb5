"""The reporter: follows the day through the gateway, as any client could, and writes the report."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from clients.common.chain import Chain
from clients.common.channel import Tls
from clients.common.wallet import Wallet
from emulator.homes import neighbourhood
from node.cometbft.rpc import RpcClient
from node.containers.description import GATEWAY, ROOT, RunFile
from node.run.assembly import Observed
from node.run.chain import given_up_s
from node.run.daylog import DayLog
from node.run.observer import compare_app_hashes, observing
from node.run.progress import Display
from node.run.report import Report
from node.run.timing import Timing
from node.run.writing import write_report
from wire.ledger import GetSupplyRequest, GetSupplyResponse

OUT = ROOT / "reporter"
_REFRESH_SECONDS = 0.25


async def report_day() -> Report:
    """Follow the chain from its first block until the day is settled, or has no chance to be; write the report.

    It may be broken off and begun again at any time: what happened meanwhile is read from the blocks.

    Raises: OSError when the volume holds no run; ChainError.
    """
    run = RunFile.model_validate_json(RunFile.path().read_bytes())
    timing = Timing(run.epoch_s, run.slot_seconds, run.first_slot, run.from_slot, run.slots)
    probing = Wallet.from_seed(bytes.fromhex(Path(run.probing_seed_file).read_text()))
    log = DayLog(timing.from_slot, timing.slots)
    latencies_s: list[float] = []
    tls = Tls(ca=OUT / "gateway-ca.crt")
    with Display(log, timing.epoch_s, timing.slot_seconds, Console(stderr=True), quiet=False) as display:
        async with (
            await Chain.open(GATEWAY, tls=tls, chain_id=run.chain_id) as chain,
            observing(chain, probing, bytes.fromhex(run.dso), log, latencies_s),
        ):
            finished = await _wait(log, timing, display)
            supply: GetSupplyResponse = await chain.query(GetSupplyRequest())
    async with _clients(run.rpc_urls) as clients:
        app_hashes = await compare_app_hashes(clients, log.height)
    homes = neighbourhood(len(run.accounts), run.day)
    seen = Observed(
        run.chain_id,
        run.day,
        len(run.rpc_urls),
        tuple((home, bytes.fromhex(account)) for home, account in zip(homes, run.accounts, strict=True)),
        timing,
        log,
        latencies_s,
        supply,
        app_hashes,
        ROOT / "emulator" / "emulator.log",
        time.time() - run.started_s,
        finished,
    )
    return write_report(seen, OUT)


async def _wait(log: DayLog, timing: Timing, display: Display) -> bool:
    """Until every slot is settled (True), or the last one should have been (False)."""
    while log.slots_settled < log.slots:
        if time.time() > given_up_s(timing):
            return False
        display.refresh()
        await asyncio.sleep(_REFRESH_SECONDS)
    return True


@contextlib.asynccontextmanager
async def _clients(urls: tuple[str, ...]) -> AsyncIterator[list[RpcClient]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(RpcClient(url)) for url in urls]
