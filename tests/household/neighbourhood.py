"""A small neighbourhood of real processes: validator, gateway, broker, emulated homes, and the agent under test.

The DSO is this process: it signs what the meters say with its key and posts the rebates.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiomqtt
import yaml

from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError
from clients.common.errors import Refused
from clients.common.subscribe import ChainEvent, ChainResult, Cursor
from clients.common.wallet import Wallet
from clients.household.database import Database
from emulator.homes import neighbourhood
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import Service
from node.localnet.ports import free_ports
from node.run.cast import Actor, Cast
from node.run.genesis import VDG, app_state
from node.run.timing import DayAhead
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.grid import SetRebates
from wire.mqtt import Reading, Topics, decode
from wire.results import Code

CHAIN_ID = "household-test"
DEADLINE_SECONDS = 90.0
# The emulated day begins in slot 0; the test lives from before noon on, when there is something to trade.
FIRST_SLOT = 66
# Hourly blocks close so many slots before they start; the first one that can be offered starts in slot 78.
BLOCK_GATE_SLOTS = 6
# Long enough for validator, gateway, broker and homes to be up before the first slot begins.
_START_SECONDS = 12
# Small, so that they are full and homes have something to sell within a few slots.
_BATTERY_WH = 600
_REBATE_NEUR_PER_WH = 10_000


class Neighbourhood:
    """What the tests steer and see."""

    def __init__(self, folder: Path, homes: int, slot_seconds: int, validators: int, own_homes: int = 0) -> None:
        self.folder = folder
        self._emulated = homes - own_homes
        self.slot_seconds = slot_seconds
        self.epoch_s = int(time.time()) + _START_SECONDS - FIRST_SLOT * slot_seconds
        self.cast = Cast.fresh(neighbourhood(homes, battery_wh=_BATTERY_WH), validators)
        self.events: list[ChainEvent] = []
        self.results: list[ChainResult] = []
        self.net = Localnet.create(
            folder / "net",
            chain_id=CHAIN_ID,
            validators=validators,
            settings=Settings(timeout_commit_ms=100, create_empty_blocks_interval_ms=100, log_level="error"),
        )
        gateway, broker = free_ports(2)
        self._gateway, self._broker_port = f"127.0.0.1:{gateway}", broker
        self._agent: subprocess.Popen[bytes] | None = None
        self.configuration = folder / "household.yaml"
        self.log = folder / "household.log"
        self._chain: Chain | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ending = False

    @property
    def chain(self) -> Chain:
        """A connection of the test's own."""
        if self._chain is None:
            raise RuntimeError("the neighbourhood is not up")
        return self._chain

    def prepare(self, settings: dict[str, Any], *, controlled: bool = False) -> None:
        """Write genesis, seeds and configuration; ``controlled``: the chain has real-time control."""
        keys = self.net.validator_public_keys
        state = app_state(self.cast, keys, self.epoch_s, self.slot_seconds, DayAhead(BLOCK_GATE_SLOTS))
        if controlled:
            state["control"] = {"switches": []}
        self.net.write_genesis(state)
        for service in self._services():
            self.net.add_service(service)
        homes: list[dict[str, Any]] = []
        for index, (home, actor) in enumerate(self.cast.households):
            seed_file = self.folder / f"{home.id}.seed"
            actor.write_seed(seed_file)
            homes.append({"id": home.id, "seed_file": str(seed_file), "margin_permille": index})
        content = {
            "data": "data",
            "gateway": {"target": self._gateway, "chain_id": CHAIN_ID},
            "trust": {"genesis": str(self.net.genesis_file)},
            "mqtt": {"url": f"mqtt://127.0.0.1:{self._broker_port}"},
            "vdg": VDG,
            "homes": homes,
            **settings,
        }
        self.configuration.write_text(yaml.safe_dump(content))

    def configure(self, home: str, **settings: Any) -> None:
        """Add settings of one home to the configuration, before the agent starts."""
        content = yaml.safe_load(self.configuration.read_text())
        (section,) = (one for one in content["homes"] if one["id"] == home)
        section.update(settings)
        self.configuration.write_text(yaml.safe_dump(content))

    def _services(self) -> list[Service]:
        broker = f"mqtt://127.0.0.1:{self._broker_port}"
        emulator = (
            *("{python}", "-m", "emulator", "--epoch", str(self.epoch_s), "--slot-seconds", str(self.slot_seconds)),
            *("--first-slot", str(FIRST_SLOT), "--homes", str(self._emulated), "--broker", broker),
            *("--battery-wh", str(_BATTERY_WH)),
        )
        gateway = ("{python}", "-m", "node.gateway", "--node", "{rpc0}", "--listen", self._gateway)
        return [
            Service(name="broker", command=("{python}", "-m", "emulator.broker", "--port", str(self._broker_port))),
            Service(name="emulator", command=emulator),
            Service(name="gateway", command=gateway),
        ]

    @property
    def gateway(self) -> str:
        """The gateway's address."""
        return self._gateway

    @property
    def broker_port(self) -> int:
        """The broker's port on this machine."""
        return self._broker_port

    @property
    def agent_pid(self) -> int:
        """The agent's process."""
        if self._agent is None:
            raise RuntimeError("the agent was not started")
        return self._agent.pid

    def start_agent(self) -> None:
        """Start it as an operator would."""
        command = [sys.executable, "-m", "clients.household", "--config", str(self.configuration)]
        with self.log.open("ab") as log:
            self._agent = subprocess.Popen(command, stdout=log, stderr=log)

    def kill_agent(self) -> None:
        """As a crash would."""
        if self._agent is not None:
            self._agent.kill()
            self._agent.wait()

    def end_agent(self) -> int:
        """SIGTERM; the exit code."""
        if self._agent is None:
            raise RuntimeError("the agent was not started")
        self._agent.send_signal(signal.SIGTERM)
        return self._agent.wait(DEADLINE_SECONDS)

    async def ended(self) -> int:
        """Wait until the agent ends by itself; its exit code."""
        if self._agent is None:
            raise RuntimeError("the agent was not started")
        return await asyncio.to_thread(self._agent.wait, DEADLINE_SECONDS)

    @property
    def has_state(self) -> bool:
        """Whether the agent has made its file, and the tables in it."""
        path = self.folder / "data" / "household.db"
        # Nobody may look into it before it has its journal, or the agent could not give it one.
        if not path.exists() or not path.stat().st_size:
            return False
        try:
            Database.read_only(path).close()
        except (ConfigurationError, sqlite3.OperationalError):
            return False
        return True

    def status(self) -> dict[str, dict[str, Any]]:
        """What `vdg household status --json` says, by account."""
        command = [sys.executable, "-m", "node.cli.main", "household", "status", "--json"]
        done = subprocess.run([*command, "--config", str(self.configuration)], capture_output=True, check=True)
        return {home["account"]: home for home in json.loads(done.stdout)}

    @property
    def has_plans(self) -> bool:
        """Whether every home of the agent's has planned."""
        return self.has_state and len(self.planned_in()) == len(self.cast.households)

    def planned_in(self) -> dict[str, int]:
        """The slot in which each home made its newest plan."""
        with closing(Database.read_only(self.folder / "data" / "household.db")) as database:
            plans = {home.id: database.slots.plan(home.id) for home, _ in self.cast.households}
        return {home: json.loads(plan)["made_in"] for home, plan in plans.items() if plan is not None}

    def tell(self, command: str, *arguments: str) -> list[dict[str, Any]]:
        """What `vdg home COMMAND --json` says of all homes."""
        words = [sys.executable, "-m", "node.cli.main", "home", command, *arguments, "--json"]
        done = subprocess.run([*words, "--config", str(self.configuration)], capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(
                f"vdg home {command} ended with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}"
            )
        return list(json.loads(done.stdout))

    def of_type(self, kind: type[Any], since: int = 0) -> list[Any]:
        """The events of one type so far, from a place in ``events`` on."""
        return [event.value for event in self.events[since:] if isinstance(event.value, kind)]

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return as soon as the condition holds; fail with the agent's log when it does not within the deadline."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not condition():
                    for task in self._tasks:
                        if task.done():
                            task.result()
                    if self._agent is not None and self._agent.poll() not in (None, -signal.SIGKILL):
                        raise AssertionError(f"the agent ended while the test waited until {what}:\n{self._tail()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"waited in vain until {what}:\n{self._tail()}") from None

    def _tail(self) -> str:
        return self.log.read_text()[-4_000:] if self.log.exists() else ""

    async def connect(self) -> None:
        """Open the chain; follow it, and do the DSO's work."""
        await self._broker_listens()
        self._chain = await Chain.open(self._gateway, chain_id=CHAIN_ID)
        work = (self._follow_events(), self._follow_results(), self._post_rebates(), self._prove())
        self._tasks = [asyncio.create_task(one) for one in work]

    async def _broker_listens(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    async def disconnect(self) -> None:
        """End the agent, and what ``connect`` began."""
        self._ending = True
        self.kill_agent()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.chain.close()

    async def _follow_events(self) -> None:
        async for event in self.chain.events(start=Cursor(1)):
            self.events.append(event)

    async def _follow_results(self) -> None:
        async for result in self.chain.results(start=Cursor(1)):
            self.results.append(result)

    async def _post_rebates(self) -> None:
        # A busy machine may have taken longer than planned to get here.
        now = int(time.time() - self.epoch_s) // self.slot_seconds
        slots = range(max(FIRST_SLOT, now + 5) + 1, FIRST_SLOT + 100)
        await self.chain.submit(
            Wallet.from_seed(self.cast.dso.seed), SetRebates(VDG, slots.start, (_REBATE_NEUR_PER_WH,) * len(slots))
        )

    async def _prove(self) -> None:
        actors: dict[str, Actor] = {home.meter: actor for home, actor in self.cast.households}
        net_wh: dict[str, dict[int, int]] = defaultdict(dict)
        proofs: dict[int, dict[str, FlowProof]] = defaultdict(dict)
        # A cancellation may come out of the broker's client as one of its own errors.
        while not self._ending:
            try:
                await self._prove_readings(actors, net_wh, proofs)
            except* aiomqtt.MqttError:
                # The broker is away; the meters' readings come when it is back.
                await asyncio.sleep(0.2)

    async def _prove_readings(
        self,
        actors: dict[str, Actor],
        net_wh: dict[str, dict[int, int]],
        proofs: dict[int, dict[str, FlowProof]],
    ) -> None:
        wallet, signer = Wallet.from_seed(self.cast.dso.seed), Wallet.from_seed(self.cast.proof_key.seed)
        async with (
            aiomqtt.Client("127.0.0.1", self._broker_port, identifier="dso") as client,
            asyncio.TaskGroup() as tasks,
        ):
            await client.subscribe(Topics().reading("+"), qos=1)
            async for message in client.messages:
                reading = decode(Reading, bytes(message.payload))
                seen = net_wh[reading.meter]
                seen[reading.slot] = reading.import_wh - reading.export_wh
                if reading.slot - 1 not in seen or reading.meter in proofs[reading.slot]:
                    continue
                account = actors[reading.meter].address
                flow_wh = seen[reading.slot] - seen[reading.slot - 1]
                statement = FlowStatement(CHAIN_ID, VDG, reading.slot, account, flow_wh, reading.meter)
                signature = signer.sign(flow_sign_bytes(statement))
                proofs[reading.slot][reading.meter] = FlowProof(account, flow_wh, reading.meter, signature)
                if len(proofs[reading.slot]) == len(actors):
                    batch = SubmitProofs(VDG, reading.slot, tuple(proofs[reading.slot].values()))
                    tasks.create_task(self._submit(wallet, batch))

    async def _submit(self, wallet: Wallet, batch: SubmitProofs) -> None:
        while True:
            try:
                await self.chain.submit(wallet, batch)
            except Refused as refusal:
                # What was measured while something was away may come past the deadline.
                if refusal.code is Code.SLOT_CLOSED:
                    return
                # The chain's clock is its last block's, which may still be in the slot.
                if refusal.code is not Code.SLOT_NOT_OVER:
                    raise
            else:
                return


@asynccontextmanager
async def living(
    folder: Path,
    homes: int = 12,
    slot_seconds: int = 1,
    validators: int = 1,
    *,
    controlled: bool = False,
    own_homes: int = 0,
    **settings: Any,
) -> AsyncIterator[Neighbourhood]:
    """A neighbourhood that is up, without its agent; everything ends with the context.

    ``controlled``: with real-time control. ``own_homes``: how many of the last homes the test emulates itself.
    ``settings`` are parts of the agent's configuration.
    """
    place = Neighbourhood(folder, homes, slot_seconds, validators, own_homes)
    place.prepare(settings, controlled=controlled)
    async with place.net:
        await place.net.up()
        await place.connect()
        try:
            yield place
        finally:
            await place.disconnect()
