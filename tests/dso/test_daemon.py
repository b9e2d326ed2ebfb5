"""All of it: meters, broker, daemon, signing service, gateway, and a chain of a real validator."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from clients.common.chain import Chain
from clients.common.grid.shipped import load
from clients.dso.findings import Kind
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from tests.dso.app_chain import account, genesis, meter
from tests.dso.daemon_process import DaemonProcess, seconds_until
from tests.dso.mqtt_broker import publish, running_broker
from tests.dso.signer_process import CHAIN_ID, VDG, SignerProcess
from tests.dso.waiting import until
from tests.gateway.serving import GatewayProcess
from wire.flowproof import ListEquivocationsRequest, ListProofsRequest
from wire.grid import ListTermsRequest
from wire.mqtt import Reading

HOMES = 5
SLOT_SECONDS = 1
DEADLINE_SLOTS = 60
START_SECONDS = 6
PROVED = {account(n): n + 1 for n in range(HOMES)}


class Neighbourhood:
    """What surrounds the daemon, running; slots begin ``START_SECONDS`` after it was set up."""

    def __init__(self, folder: Path, signer: SignerProcess, gateway: GatewayProcess, mqtt_port: int, epoch_s: int):
        self.signer = signer
        self.gateway = gateway
        self.mqtt_port = mqtt_port
        self.epoch_s = epoch_s
        self.daemon = DaemonProcess(folder, signer, b"D" * 32, gateway.target, mqtt_port)
        self.meters_last_slot = -2

    async def live_meters(self) -> None:
        """Publish each home's reading at the end of each slot: home n imports n + 1 Wh in every slot."""
        while True:
            slot = self.meters_last_slot + 1
            end_s = self.epoch_s + (slot + 1) * SLOT_SECONDS
            await asyncio.sleep(seconds_until(end_s))
            readings = [
                Reading(
                    meter=meter(n),
                    sequence=slot + 1,
                    slot=slot,
                    time_s=end_s,
                    import_wh=500 + (n + 1) * (slot + 1),
                    export_wh=70,
                )
                for n in range(HOMES)
            ]
            await publish(self.mqtt_port, *[(f"home-{n}", reading) for n, reading in enumerate(readings)])
            self.meters_last_slot = slot

    async def slot_over(self, slot: int) -> None:
        """Wait until the readings of a slot's end are published."""
        await until(lambda: self.meters_last_slot >= slot)

    async def proved(self, chain: Chain, slot: int) -> dict[bytes, int]:
        """What is proved of a slot on the chain."""
        response = await chain.query(ListProofsRequest(VDG, slot, limit=100))
        return {proof.account: proof.flow_wh for proof in response.proofs}

    async def all_proved(self, chain: Chain, slots: range) -> None:
        """Wait until every home is proved in all of these slots."""
        for slot in slots:
            async with asyncio.timeout(60):
                while await self.proved(chain, slot) != PROVED:
                    await asyncio.sleep(0.05)

    async def first_proved(self, chain: Chain) -> int:
        """Wait until all is proved of a slot; which. Slots that ended before the daemon listened never are."""
        async with asyncio.timeout(60):
            while True:
                for slot in range(self.meters_last_slot + 1):
                    if await self.proved(chain, slot) == PROVED:
                        return slot
                await asyncio.sleep(0.05)


@pytest.fixture
async def neighbourhood() -> AsyncIterator[Neighbourhood]:
    """One validator, gateway, signing service, broker and meters."""
    with tempfile.TemporaryDirectory(prefix="dso", dir="/tmp") as name:
        folder = Path(name)
        signer = SignerProcess(folder / "signer")
        proof_key = signer.initialise()
        signer.start()
        try:
            async with surroundings(folder, signer, proof_key) as home:
                yield home
        finally:
            signer.kill()


@asynccontextmanager
async def surroundings(folder: Path, signer: SignerProcess, proof_key: bytes) -> AsyncIterator[Neighbourhood]:
    """All but the signing service."""
    epoch_s = int(time.time()) + START_SECONDS
    net = Localnet.create(folder / "net", chain_id=CHAIN_ID, validators=1, settings=Settings(timeout_commit_ms=150))
    net.write_genesis(genesis(proof_key, HOMES, epoch_s, SLOT_SECONDS, DEADLINE_SLOTS))
    gateway = GatewayProcess(folder, net.plan.validators[0].rpc_url)
    async with net, running_broker() as port:
        await net.up()
        await gateway.start()
        home = Neighbourhood(folder, signer, gateway, port, epoch_s)
        meters = asyncio.create_task(home.live_meters())
        try:
            yield home
        finally:
            meters.cancel()
            with suppress(asyncio.CancelledError):
                await meters
            if home.daemon.process is not None:
                home.daemon.kill()
            gateway.terminate()


def a_tiny_grid(folder: Path) -> dict[str, object]:
    """What a daemon has to know of homes whose few watts are more than its transformer is to carry."""
    homes = [home.id for home in load("thesis-50").homes[:HOMES]]
    rows = [f"{account(n).hex()},{home}" for n, home in enumerate(homes)]
    (folder / "homes.csv").write_text("\n".join(["account,home", *rows, ""]))
    keep = {"deviation_percent": 10.0, "line_percent": 100.0, "transformer_percent": 0.05}
    control = {"network": "thesis-50", "homes_csv": "homes.csv", "sessions": False, "keep": keep}
    return {"control": control, "caps": {"ahead_slots": 8}}


async def caps_are_there_ahead_with_their_reason(home: Neighbourhood, chain: Chain) -> None:
    """Wait until the chain has caps of slots to come, which nobody has asked for."""
    async with asyncio.timeout(60):
        while True:
            running = int(time.time() - home.epoch_s) // SLOT_SECONDS
            terms = (await chain.query(ListTermsRequest(VDG, running + 1, 8))).terms
            # An order for the next slot can still be placed: those after it are capped before their gate.
            capped = [term for term in terms[1:] if term.capped]
            if capped:
                break
            await asyncio.sleep(0.05)
    for term in capped:
        # The homes import 1 to 5 Wh each: a cap below that is what keeps the limit.
        assert 0 <= term.import_cap_wh < HOMES
        assert "forecast without caps: transformer at transformer00001: " in term.cap_reason


@pytest.mark.network
async def test_a_neighbourhoods_slots_are_proved_within_a_slot_and_kill_9_of_anything_loses_and_repeats_nothing(
    neighbourhood: Neighbourhood,
) -> None:
    home, daemon = neighbourhood, neighbourhood.daemon
    daemon.start()
    async with await Chain.open(home.gateway.target, chain_id=CHAIN_ID) as chain:
        # On a busy machine starting takes longer than some slots.
        first = await home.first_proved(chain)
        last = home.meters_last_slot + 3
        delays_s = []
        for slot in range(last - 2, last + 1):
            await home.slot_over(slot)
            await home.all_proved(chain, range(slot, slot + 1))
            delays_s.append(time.time() - (home.epoch_s + (slot + 1) * SLOT_SECONDS))
        # The quickest, as the processor has other work too.
        assert min(delays_s) < SLOT_SECONDS, f"slots were proved {delays_s} s after their ends"
        terms = (await chain.query(ListTermsRequest(VDG, 38, 4))).terms
        assert [term.rebate_neur_per_wh for term in terms] == [0, 0, 10_001, 10_001]

        daemon.kill()
        await home.slot_over(last + 3)
        daemon.start()
        await home.all_proved(chain, range(first, last + 4))

        home.gateway.kill()
        await home.slot_over(last + 5)
        await home.gateway.start()
        await home.all_proved(chain, range(first, last + 6))

        port = home.signer.address().address.rpartition(":")[2]
        home.signer.kill()
        await home.slot_over(last + 7)
        home.signer.listen_on(port)
        home.signer.start()
        await home.all_proved(chain, range(first, last + 8))

        assert (await chain.query(ListEquivocationsRequest(VDG))).equivocations == ()
        await until(lambda: daemon.status().get("last_finished_slot", 0) >= last + 7)
        status = daemon.status()
        assert daemon.stop() == 0
        daemon.start(**a_tiny_grid(daemon.folder))
        await caps_are_there_ahead_with_their_reason(home, chain)
    assert status["running"]
    assert status["members"] == HOMES
    assert status["proofs"].keys() <= {"proved", "signed"}
    wrong = {Kind.ALTERED, Kind.GAP, Kind.PROOF_CONFLICT, Kind.SIGNING_CONFLICT, Kind.PROOF_REFUSED}
    assert wrong.isdisjoint(status["findings"]), daemon.log()
    assert daemon.stop() == 0
    assert not daemon.status()["running"]


@pytest.mark.network
async def test_a_daemon_that_can_not_run_says_why_and_ends(neighbourhood: Neighbourhood) -> None:
    daemon = neighbourhood.daemon
    cases = {
        "chain_id": ("other-chain", "serves chain"),
        "vdg": ("other-grid", "has no such grid"),
        "surplus": (1, "surplus"),
        "account": ({"keystore": "missing.json", "passphrase": {"env": "DSO_PASSPHRASE"}}, "there is no key file"),
        "chain_state": ("dso.sqlite", "a file of its own"),
    }
    for field, (value, message) in cases.items():
        done = await asyncio.to_thread(daemon.run, **{field: value})
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
        (daemon.folder / "dso.sqlite").unlink(missing_ok=True)
