"""The DSO's operation of its physical grid: real-time control and phase orders, beside meters and proofs."""

from __future__ import annotations

import asyncio
from pathlib import Path

from clients.common.broker import BrokerAddress
from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError
from clients.common.grid import shipped
from clients.common.grid.fault import BadNetwork
from clients.common.grid.network import Network
from clients.common.grid.pandapower_file import read
from clients.common.slots import SlotClock
from clients.common.wallet import Wallet
from clients.dso.control.commitments import Commitments
from clients.dso.control.connections import read_connections
from clients.dso.control.control_chain import GatewayControlChain
from clients.dso.control.service import ControlService
from clients.dso.control.settings import ControlSettings
from clients.dso.control.station_link import StationLink
from clients.dso.monitor.grid_monitor import GridMonitor
from clients.dso.phases.service import PhaseService
from clients.dso.phases.settings import SwitchingSettings
from wire.grid import Grid

_LEAST_PATIENCE_SECONDS = 5.0


class Operation:
    """One grid's, with a network that is known."""

    def __init__(
        self,
        settings: ControlSettings,
        switching: SwitchingSettings | None,
        mqtt: BrokerAddress,
        chain: Chain,
        wallet: Wallet,
        grid: Grid,
    ) -> None:
        """Put the parts together; without ``switching`` no phases are ordered. Raises: ConfigurationError."""
        network = network_of(settings.network)
        connections = read_connections(settings.homes_csv, network)
        clock = SlotClock(grid.epoch_s, grid.slot_seconds)
        control_chain = GatewayControlChain(
            chain, wallet, grid.vdg, max(_LEAST_PATIENCE_SECONDS, float(settings.iteration_s))
        )
        self._station = StationLink(mqtt, clock, frozenset((each.feeder, each.phase) for each in connections.all))
        self._sessions = settings.sessions
        accounts = [each.account for each in connections.all]
        self.commitments = commitments = Commitments(chain, grid.vdg, accounts, clock)
        self.phases = None
        if switching is not None:
            self.phases = PhaseService(grid.vdg, clock, connections, control_chain, commitments, switching)
        self.control = ControlService(
            grid.vdg,
            clock,
            connections,
            control_chain,
            self._station,
            commitments,
            GridMonitor(network),
            settings,
            grid.deviation_neur_per_wh2,
        )

    async def run(self) -> None:
        """Operate until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._station.run())
            tasks.create_task(self.commitments.run())
            if self._sessions:
                tasks.create_task(self.control.run())
            if self.phases is not None:
                tasks.create_task(self.phases.run())


def network_of(name: str) -> Network:
    """A shipped network by its name, or the one in a file. Raises: ConfigurationError."""
    if name in shipped.names():
        return shipped.load(name)
    try:
        return read(Path(name))
    except BadNetwork as error:
        raise ConfigurationError(f"control.network = {name}: {error}") from error
