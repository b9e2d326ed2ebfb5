"""A localnet as a library: make it, start it, break parts of it, stop it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from node.cometbft.genesis import ConsensusParams
from node.cometbft.home import Home
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import RpcError
from node.cometbft.settings import Settings
from node.localnet.creation import make_plan, write_genesis
from node.localnet.errors import LocalnetError, UnknownNameError
from node.localnet.logfile import tail
from node.localnet.plan import VDG, Application, Plan, Service
from node.localnet.runstate import Phase, supervision
from node.localnet.unit import DEFAULT_POLICY, RestartPolicy, Unit, UnitState
from node.localnet.upkeep import Upkeep
from node.localnet.wiring import service_unit, validator_unit
from node.toolchain import binary

Part = Literal["app", "cometbft"]
Report = Callable[[str], None]

DEFAULT_HOME: Final = Path("run/localnet")
UP_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.1
LOG_TAIL_LINES: Final = 15


def silent(_line: str) -> None:
    """Report progress to nobody."""


class Localnet:
    """Validators on this machine, each an application and its CometBFT, and services beside them.

    A new one: `create`, `write_genesis`, `up`; an existing one: `open`, `up`. While it is up, this process
    supervises it and every child dies with this process; `async with` stops it at the end. One event loop only.
    """

    def __init__(self, home: Path, plan: Plan, policy: RestartPolicy = DEFAULT_POLICY) -> None:
        self.home = home
        self.plan = plan
        self._policy = policy
        self._units: dict[str, Unit] = {}
        self._upkeep = Upkeep(home, self._units)
        self._clients: dict[int, RpcClient] = {}
        self._held = ExitStack()
        self._keeping: asyncio.Task[None] | None = None

    @classmethod
    def create(
        cls,
        home: Path,
        *,
        chain_id: str,
        validators: int = 4,
        application: Application = VDG,
        settings: Settings | None = None,
        powers: Sequence[int] = (),
    ) -> Self:
        """Make the validators' homes with fresh keys, ports and settings; the genesis is still to be written.

        Args:
            powers: each validator's voting power; 10 each by default.

        Raises:
            LocalnetError: there is a localnet already, a number makes no sense, or ports are short.
            HomeError: a validator's key is there already.
        """
        home = home.resolve()
        plan = make_plan(
            home,
            chain_id=chain_id,
            validators=validators,
            application=application,
            settings=settings or Settings(),
            powers=powers,
        )
        return cls(home, plan)

    @classmethod
    def open(cls, home: Path) -> Self:
        """A localnet that was made before.

        Raises:
            LocalnetError: when there is none, or its plan is broken.
        """
        home = home.resolve()
        return cls(home, Plan.load(home))

    @property
    def validator_public_keys(self) -> tuple[bytes, ...]:
        """The validators' Ed25519 consensus keys, which the application's genesis may name."""
        return tuple(bytes.fromhex(validator.public_key) for validator in self.plan.validators)

    @property
    def has_genesis(self) -> bool:
        """Whether every validator has a genesis document."""
        return all(Home.open(self.home / validator.name).has_genesis for validator in self.plan.validators)

    @property
    def genesis_file(self) -> Path:
        """The genesis document, as the first validator has it; the others' are the same."""
        return self.home / self.plan.validators[0].name / "config" / "genesis.json"

    def write_genesis(
        self,
        app_state: Mapping[str, Any],
        *,
        genesis_time_ns: int | None = None,
        params: ConsensusParams | None = None,
    ) -> None:
        """Write the genesis document for every validator; its time, which is the first block's, is now by default.

        Raises:
            ValueError: when the chain id does not fit.
        """
        write_genesis(self.home, self.plan, app_state, genesis_time_ns=genesis_time_ns, params=params)

    def add_service(self, service: Service) -> None:
        """Add a process that starts with the next `up`; one of the same name is replaced.

        Raises:
            LocalnetError: when a validator has that name.
        """
        if any(service.name == validator.name for validator in self.plan.validators):
            raise LocalnetError(f"service {service.name!r} has the name of a validator: choose another")
        others = tuple(other for other in self.plan.services if other.name != service.name)
        self.plan = self.plan.model_copy(update={"services": (*others, service)})
        self.plan.save(self.home)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    async def up(self, *, timeout_seconds: float | None = None, report: Report = silent) -> None:
        """Start everything and wait until every validator has a block; builds CometBFT first where it is missing.

        Args:
            timeout_seconds: how long that may take; the plan's `up_seconds` by default.

        Raises:
            LocalnetError: it runs already, has no genesis, a process keeps ending (with its log's last lines), or
                the time is over.
            ToolchainError: CometBFT could not be built.
        """
        if not self.has_genesis:
            raise LocalnetError(f"the localnet in {self.home} has no genesis yet")
        if timeout_seconds is None:
            timeout_seconds = self.plan.up_seconds
        cometbft = await asyncio.to_thread(binary, version=self.plan.cometbft_version)
        self._held.enter_context(supervision(self.home))
        try:
            self._upkeep.phase = Phase.STARTING
            for validator in self.plan.validators:
                self._add(validator_unit(self.home, self.plan, validator, cometbft, self._policy, self._upkeep.save))
            for unit in self._units.values():
                unit.start()
            self._keeping = asyncio.create_task(self._upkeep.run())
            async with asyncio.timeout(timeout_seconds):
                await self._wait_for_height(1, report)
            for service in self.plan.services:
                unit = service_unit(self.home, self.plan, service, self._policy, self._upkeep.save)
                self._add(unit)
                unit.start()
            self._upkeep.phase = Phase.UP
            self._upkeep.save()
        except TimeoutError as error:
            await self.down()
            raise LocalnetError(
                f"no block on every validator within {timeout_seconds:g} s: see the logs in {self.home / 'log'}"
            ) from error
        except BaseException:
            await self.down()
            raise

    async def down(self) -> None:
        """Stop the services, last started first, then every validator (CometBFT first, then its application).

        Harmless when not up.
        """
        self._upkeep.phase = Phase.STOPPING
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        services = {service.name for service in self.plan.services}
        units = dict(self._units)
        self._units.clear()
        for name in reversed(units):
            if name in services:
                await units[name].stop()
        await asyncio.gather(*(unit.stop() for name, unit in units.items() if name not in services))
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        self._held.close()

    def rpc(self, index: int) -> RpcClient:
        """The JSON-RPC client of validator `index`, closed by `down`."""
        if index not in self._clients:
            self._clients[index] = RpcClient(self.plan.validators[index].rpc_url)
        return self._clients[index]

    def unit(self, name: str) -> Unit:
        """A running validator or service by name.

        Raises:
            UnknownNameError: when there is none of that name.
        """
        if name not in self._units:
            names = ", ".join(self._units) or "(none)"
            raise UnknownNameError(f"nothing named {name!r} runs here: choose one of {names}")
        return self._units[name]

    async def kill(self, index: int, part: Part) -> None:
        """Kill one side of a validator as a crash would; the supervisor then starts both sides again."""
        name = self.plan.validators[index].name
        process = self.unit(name).processes.get(f"{name}.{part}")
        if process is None:
            raise LocalnetError(f"{name}.{part} does not run now")
        process.send(signal.SIGKILL)
        await process.wait()

    async def stop(self, name: str) -> None:
        """Stop a validator or service and leave it stopped."""
        await self.unit(name).stop()

    def start(self, name: str) -> None:
        """Start a validator or service that was stopped."""
        self.unit(name).start()

    async def restart(self, name: str) -> None:
        """Stop a validator or service and start it again."""
        await self.stop(name)
        self.start(name)

    async def wait_for_height(self, height: int, *, timeout_seconds: float = UP_SECONDS) -> None:
        """Wait until every validator has committed block `height`.

        Raises:
            LocalnetError: the time is over, or a unit has been given up.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._wait_for_height(height, silent)
        except TimeoutError as error:
            raise LocalnetError(f"height {height} was not reached within {timeout_seconds:g} s") from error

    async def _wait_for_height(self, height: int, report: Report) -> None:
        waiting = list(range(len(self.plan.validators)))
        while waiting:
            self.check()
            for index in list(waiting):
                try:
                    status = await self.rpc(index).status()
                except RpcError:
                    # It is still starting, or was just killed; `check` tells when it has been given up.
                    continue
                if status.height >= height:
                    waiting.remove(index)
                    ready = len(self.plan.validators) - len(waiting)
                    report(f"{self.plan.validators[index].name} at height {status.height} ({ready} ready)")
            await asyncio.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raises LocalnetError, with the last lines of its logs, when a unit has been given up."""
        for unit in self._units.values():
            if unit.state is UnitState.FAILED:
                raise LocalnetError(self._describe_failure(unit))

    async def wait_for_failure(self) -> None:
        """Return never; raises LocalnetError, with the last lines of its logs, once a unit has been given up."""
        while True:
            self.check()
            await asyncio.sleep(POLL_SECONDS)

    def _describe_failure(self, unit: Unit) -> str:
        lines = [f"{unit.name} does not stay up: {unit.last_end}"]
        for command in unit.commands:
            lines.append(f"last lines of {command.log}:")
            lines += [f"  {line}" for line in tail(command.log, LOG_TAIL_LINES)]
        return "\n".join(lines)

    def _add(self, unit: Unit) -> None:
        self._units[unit.name] = unit
