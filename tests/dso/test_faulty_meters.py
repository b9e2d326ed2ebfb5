"""The emulator's meters with faults, through the real daemon and signing service, on a real validator."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clients.common.chain import Chain
from clients.common.subscribe import Cursor
from clients.common.wallet import Wallet
from clients.dso.command import describe
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
STOPPED, JUMPED, LATE, LOST = 1, 4, 3, 5
BUYERS, SELLERS = (STOPPED, JUMPED), (0, 2)
HOMES = 6
# From the moment when all else is up: time to place orders and for the emulator to start; then some good slots.
AHEAD_SLOTS, GOOD_SLOTS = 10, 3
# One product, open early enough for a test that places its orders while the processes start.
_REAL_TIME = {"name": "real_time", "block_slots": 1, "gate": "before_start", "gate_slots": 1, "horizon_slots": 100}


class Place:
    """What is there: each home's meter and account, and the chain's events so far. Faults begin in ``faulty_slot``."""

    def __init__(self, cast: Cast, chain: Chain, daemon: DaemonProcess, faulty_slot: int) -> None:
        self.faulty_slot = faulty_slot
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
        slot = self.faulty_slot
        await asyncio.gather(
            *(self.chain.submit(self.wallets[seller], DeclareAvailability(VDG, slot, (100,))) for seller in SELLERS)
        )
        orders = [
            (self.wallets[home], PlaceOrder(VDG, "real_time", slot, side, energy_wh, price))
            for side, homes, prices in (
                (Side.SIDE_BID, BUYERS, (150_000, 140_000)),
                (Side.SIDE_ASK, SELLERS, (100_000, 110_000)),
            )
            for home, energy_wh, price in zip(homes, (100, 50), prices, strict=True)
        ]
        await asyncio.gather(*(self.chain.submit(wallet, order) for wallet, order in orders))

    def settled(self, slot: int) -> SlotSettled | None:
        """A slot's settlement, once it is there."""
        found = (event for event in self.events if isinstance(event, SlotSettled))
        return next((event for event in found if event.settlement and event.settlement.slot == slot), None)

    async def until_settled(self, slot: int) -> None:
        """Wait for a slot's settlement."""
        await until(lambda: self.settled(slot) is not None)

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
    epoch_s = int(time.time())
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
    async with net, running_broker() as port, AsyncExitStack() as ending:
        daemon = DaemonProcess(folder, signer, cast.dso.seed, gateway.target, port)
        ending.callback(signer.kill)
        await net.up()
        await gateway.start()
        ending.callback(gateway.terminate)
        daemon.start(vdg=VDG, rebates=None)
        ending.callback(daemon.kill)
        await until(lambda: bool(daemon.status().get("broker_connected")))
        chain = await ending.enter_async_context(await Chain.open(gateway.target, chain_id=CHAIN_ID))
        place = Place(cast, chain, daemon, int(time.time()) - epoch_s + AHEAD_SLOTS)
        emulator = subprocess.Popen(_emulator(place, port, epoch_s), stdout=subprocess.DEVNULL)
        ending.callback(emulator.wait)
        ending.callback(emulator.kill)
        ending.callback(asyncio.create_task(place.follow()).cancel)
        yield place


def _emulator(place: Place, port: int, epoch_s: int) -> list[str]:
    slot = place.faulty_slot
    command = [sys.executable, "-m", "emulator", "--broker", f"mqtt://127.0.0.1:{port}", "--epoch", str(epoch_s)]
    command += ["--slot-seconds", "1", "--first-slot", str(slot - GOOD_SLOTS), "--homes", str(HOMES)]
    for fault, home, slots in (
        ("stop", STOPPED, f"{slot}"),
        ("jump_back", JUMPED, f"{slot}"),
        ("late", LATE, f"{slot}-{slot + 1}"),
        ("drop", LOST, f"{slot}-{slot + 1}"),
    ):
        command += ["--fault", f"{fault}:{place.homes[home].id}:{slots}"]
    return command


@pytest.mark.network
async def test_a_meter_that_stops_jumps_back_or_is_late_is_named_and_its_slots_settle_by_rule() -> None:
    with tempfile.TemporaryDirectory(prefix="fm", dir="/tmp") as folder:
        async with living(Path(folder)) as place:
            slot = place.faulty_slot
            await place.trade()
            # One after the other, as each has its own deadline.
            for awaited in (slot - 1, slot, slot + 3):
                await place.until_settled(awaited)
            found, status, log = place.findings(), place.daemon.status(), place.daemon.log()
            assert place.daemon.stop() == 0

    assert {(Kind.SILENT, STOPPED, slot), (Kind.JUMPED_BACK, JUMPED, slot)} <= found
    assert (Kind.LATE, LATE, slot) in found
    assert {kind for kind, home, _ in found if home == STOPPED} == {Kind.SILENT}
    assert {"silent", "jumped_back", "late"} <= set(status["findings"])
    assert f"silent {place.homes[STOPPED].meter} slot {slot}: no reading" in log

    # What got lost on its way was asked for, and is late like what came by itself.
    assert {(Kind.LATE, LOST, slot), (Kind.LATE, LOST, slot + 1)} <= found
    missing = status["readings_missing"]
    assert missing["filled"] >= 2
    assert missing["lost"] == 0
    assert any(f"{missing['filled']} came when asked for again, 0 lost" in line for line in describe(status))
    # A register that fell says nothing of its slot, nor of the next; one that is only late or got lost does.
    assert [place.unproved(slot + after) for after in range(-1, 3)] == [
        set(),
        {STOPPED, JUMPED},
        {STOPPED, JUMPED},
        {STOPPED},
    ]
    before = place.settled(slot - 1)
    assert before is not None
    assert before.settlement is not None
    assert not before.settlement.at_deadline

    settled = place.settled(slot)
    assert settled is not None
    assert settled.settlement is not None
    assert settled.settlement.at_deadline
    assert settled.settlement.proofs == HOMES - 2
    assert (settled.settlement.contracts_settled, settled.settlement.contracts_unwound) == (0, 1)
    (made,) = [event.contract for event in place.events if isinstance(event, ContractMade) and event.contract]
    assert (made.buyer, made.seller) == (place.wallets[STOPPED].address, place.wallets[SELLERS[0]].address)
    (unwound,) = [event for event in place.events if isinstance(event, ContractUnwound)]
    assert (unwound.contract_id, unwound.returned_neur) == (made.contract_id, 100 * made.buy_price_neur_per_wh)
