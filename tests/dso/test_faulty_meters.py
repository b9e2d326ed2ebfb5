"""The emulator's meters with faults, through the real daemon and signing service, on a real validator."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clients.common.chain import Chain
from clients.common.subscribe import Cursor
from clients.common.wallet import Wallet
from clients.dso.findings import Kind
from emulator.homes import Home, neighbourhood
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.run.cast import Cast
from node.run.genesis import VDG, app_state
from tests.dso.daemon_process import DaemonProcess
from tests.dso.mqtt_broker import running_broker
from tests.dso.signer_process import CHAIN_ID, FAST_KDF, PASSPHRASE, SignerProcess
from tests.dso.waiting import until
from tests.gateway.serving import GatewayProcess
from wire import keystore
from wire.asset import DeclareAvailability
from wire.flowproof import FlowProved
from wire.market import ContractMade, PlaceOrder, Side
from wire.settlement import ContractUnwound, SlotSettled

# Homes of the emulator: two that buy, two with PV that sell.
STOPPED, JUMPED, LATE = 1, 4, 3
BUYERS, SELLERS = (STOPPED, JUMPED), (0, 2)
HOMES = 6
FIRST_SLOT, FAULTY_SLOT, START_SECONDS = 20, 24, 8
# One product, open early enough for a test that places its orders while the processes start.
_REAL_TIME = {"name": "real_time", "block_slots": 1, "gate": "before_start", "gate_slots": 1, "horizon_slots": 100}


class Place:
    """What is there: each home's meter and account, and the chain's events so far."""

    def __init__(self, cast: Cast, chain: Chain, daemon: DaemonProcess) -> None:
        self.homes: list[Home] = [home for home, _ in cast.households]
        self.wallets = [Wallet.from_seed(actor.seed) for _, actor in cast.households]
        self.chain = chain
        self.daemon = daemon
        self.events: list[Any] = []

    async def follow(self) -> None:
        """Take events in, until cancelled."""
        async for event in self.chain.events(start=Cursor(1)):
            self.events.append(event.value)

    async def trade(self) -> None:
        """A contract between the first buyer and the first seller; the second pair sets the prices."""
        for seller in SELLERS:
            await self.chain.submit(self.wallets[seller], DeclareAvailability(VDG, FAULTY_SLOT, (100,)))
        for buyer, energy_wh, price in zip(BUYERS, (100, 50), (150_000, 140_000), strict=True):
            bid = PlaceOrder(VDG, "real_time", FAULTY_SLOT, Side.SIDE_BID, energy_wh, price)
            await self.chain.submit(self.wallets[buyer], bid)
        for seller, energy_wh, price in zip(SELLERS, (100, 50), (100_000, 110_000), strict=True):
            ask = PlaceOrder(VDG, "real_time", FAULTY_SLOT, Side.SIDE_ASK, energy_wh, price)
            await self.chain.submit(self.wallets[seller], ask)

    def settled(self, slot: int) -> SlotSettled | None:
        """A slot's settlement, once it is there."""
        found = (event for event in self.events if isinstance(event, SlotSettled))
        return next((event for event in found if event.settlement and event.settlement.slot == slot), None)

    def unproved(self, slot: int) -> set[int]:
        """The homes without a proof of a slot."""
        proved = {event.account for event in self.events if isinstance(event, FlowProved) and event.slot == slot}
        return {index for index, wallet in enumerate(self.wallets) if wallet.address not in proved}

    def findings(self) -> set[tuple[Kind, int, int]]:
        """What the daemon found, as kind, home and slot."""
        meters = {home.meter: index for index, home in enumerate(self.homes)}
        lines = [json.loads(line) for line in (self.daemon.folder / "findings.jsonl").read_text().splitlines()]
        return {(Kind(line["kind"]), meters[line["meter"]], line["slot"]) for line in lines if line["meter"] in meters}


@asynccontextmanager
async def living(folder: Path) -> AsyncIterator[Place]:
    """Validator, gateway, broker, signing service, daemon, and emulated meters with their faults."""
    epoch_s = int(time.time()) + START_SECONDS - FIRST_SLOT
    cast = Cast.fresh(neighbourhood(HOMES), 1)
    grid = {"chain_id": CHAIN_ID, "vdg": VDG, "epoch_s": epoch_s, "slot_seconds": 1, "max_flow_wh": 10_000}
    signer = SignerProcess(folder / "signer", grids=[grid], clock_tolerance_s=0.5)
    keystore.create(signer.folder / "proof-key.json", PASSPHRASE, seed=cast.proof_key.seed, kdf=FAST_KDF)
    signer.initialise()
    signer.start()
    net = Localnet.create(folder / "net", chain_id=CHAIN_ID, validators=1, settings=Settings(timeout_commit_ms=150))
    state = app_state(cast, net.validator_public_keys, epoch_s, 1)
    net.write_genesis(state | {"market": {"products": [_REAL_TIME]}})
    gateway = GatewayProcess(folder, net.plan.validators[0].rpc_url)
    async with net, running_broker() as port:
        daemon = DaemonProcess(folder, signer, cast.dso.seed, gateway.target, port)
        command = [sys.executable, "-m", "emulator", "--broker", f"mqtt://127.0.0.1:{port}", "--epoch", str(epoch_s)]
        command += ["--slot-seconds", "1", "--first-slot", str(FIRST_SLOT), "--homes", str(HOMES)]
        for fault, home, slots in (
            ("stop", STOPPED, f"{FAULTY_SLOT}"),
            ("jump_back", JUMPED, f"{FAULTY_SLOT}"),
            ("late", LATE, f"{FAULTY_SLOT}-{FAULTY_SLOT + 1}"),
        ):
            command += ["--fault", f"{fault}:{cast.households[home][0].id}:{slots}"]
        emulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            await net.up()
            await gateway.start()
            daemon.start(vdg=VDG, rebates=None)
            async with await Chain.open(gateway.target, chain_id=CHAIN_ID) as chain:
                place = Place(cast, chain, daemon)
                following = asyncio.create_task(place.follow())
                try:
                    yield place
                finally:
                    following.cancel()
        finally:
            for process in (emulator, daemon.process):
                if process is not None:
                    process.kill()
                    process.wait()
            signer.kill()
            gateway.terminate()


@pytest.mark.network
async def test_a_meter_that_stops_jumps_back_or_is_late_is_named_and_its_slots_settle_by_rule() -> None:
    with tempfile.TemporaryDirectory(prefix="fm", dir="/tmp") as folder:
        async with living(Path(folder)) as place:
            await place.trade()
            await until(lambda: place.settled(FAULTY_SLOT) is not None)
            await until(lambda: place.settled(FAULTY_SLOT + 3) is not None)
            found, status, log = place.findings(), place.daemon.status(), place.daemon.log()
            assert place.daemon.stop() == 0

    assert {(Kind.SILENT, STOPPED, FAULTY_SLOT), (Kind.JUMPED_BACK, JUMPED, FAULTY_SLOT)} <= found
    assert (Kind.LATE, LATE, FAULTY_SLOT) in found
    assert {kind for kind, home, _ in found if home == STOPPED} == {Kind.SILENT}
    assert {"silent", "jumped_back", "late"} <= set(status["findings"])
    assert f"silent {place.homes[STOPPED].meter} slot {FAULTY_SLOT}: no reading" in log

    # A register that fell says nothing of its slot, nor of the next; one that is only late does.
    assert [place.unproved(FAULTY_SLOT + after) for after in range(-1, 3)] == [
        set(),
        {STOPPED, JUMPED},
        {STOPPED, JUMPED},
        {STOPPED},
    ]
    before = place.settled(FAULTY_SLOT - 1)
    assert before is not None
    assert before.settlement is not None
    assert not before.settlement.at_deadline

    settled = place.settled(FAULTY_SLOT)
    assert settled is not None
    assert settled.settlement is not None
    assert settled.settlement.at_deadline
    assert settled.settlement.proofs == HOMES - 2
    assert (settled.settlement.contracts_settled, settled.settlement.contracts_unwound) == (0, 1)
    (made,) = [event.contract for event in place.events if isinstance(event, ContractMade) and event.contract]
    assert (made.buyer, made.seller) == (place.wallets[STOPPED].address, place.wallets[SELLERS[0]].address)
    (unwound,) = [event for event in place.events if isinstance(event, ContractUnwound)]
    assert (unwound.contract_id, unwound.returned_neur) == (made.contract_id, 100 * made.buy_price_neur_per_wh)
