"""The DSO's operation of its physical grid: real-time control and phase orders, beside meters and proofs."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import NamedTuple

from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError
from clients.common.grid.fault import BadNetwork
from clients.common.grid.grid import Grid as GridSolver
from clients.common.grid.network import Network
from clients.common.grid.opening import open_network
from clients.common.slots import SlotClock
from clients.common.wallet import Wallet
from clients.dso.collector.check import TimeRules
from clients.dso.collector.check_station import StationRules
from clients.dso.collector.readings import Readings
from clients.dso.collector.station_desk import StationDesk
from clients.dso.collector.station_readings import StationReadings
from clients.dso.control.commitments import Commitments
from clients.dso.control.connections import read_connections
from clients.dso.control.control_chain import GatewayControlChain
from clients.dso.control.service import ControlService
from clients.dso.control.settings import ControlSettings
from clients.dso.control.station_link import StationLink
from clients.dso.daemon_configuration import DaemonConfiguration
from clients.dso.findings import Findings
from clients.dso.gateway_chain import GatewayChain
from clients.dso.members import Members
from clients.dso.monitor.cap_service import CapService, Party
from clients.dso.monitor.grid_monitor import GridMonitor
from clients.dso.monitor.measurements import Measurements
from clients.dso.phases.service import PhaseService
from wire.grid import Grid

_LEAST_PATIENCE_SECONDS = 5.0
_CAPS_PATIENCE_SECONDS = 10.0


class Tables(NamedTuple):
    """What the daemon's other parts know: meters' readings, members, the file, and how times and findings are told."""

    readings: Readings
    members: Members
    database: sqlite3.Connection
    times: TimeRules
    findings: Findings


class Operation:
    """One grid's, with a network that is known."""

    def __init__(
        self,
        configuration: DaemonConfiguration,
        settings: ControlSettings,
        chain: Chain,
        wallet: Wallet,
        grid: Grid,
        tables: Tables,
    ) -> None:
        """Put the parts together; those without a section in the configuration are left out.

        Raises: ConfigurationError.
        """
        mqtt, switching = configuration.mqtt, configuration.switching
        network = network_of(settings.network)
        connections = read_connections(settings.homes_csv, network)
        clock = SlotClock(grid.epoch_s, grid.slot_seconds)
        control_chain = GatewayControlChain(
            chain, wallet, grid.vdg, max(_LEAST_PATIENCE_SECONDS, float(settings.iteration_s))
        )
        points = frozenset((each.feeder, each.phase) for each in connections.all)
        self._station = StationLink(mqtt, clock, points, frozenset(connections.by_home))
        self._sessions = settings.sessions
        stations = StationReadings(tables.database)
        rules = StationRules.of(network, settings.station or network.name)
        times = tables.times._replace(nominal_v=network.nominal_v)
        self.desk = StationDesk(rules, times, stations, tables.findings)
        accounts = [each.account for each in connections.all]
        self.commitments = commitments = Commitments(chain, grid.vdg, accounts, clock)
        self.phases = None
        if switching is not None:
            self.phases = PhaseService(grid.vdg, clock, connections, control_chain, commitments, switching)
        self.caps = None
        if configuration.caps is not None:
            parties = [Party(grid.vdg, _chain_of(chain, wallet, grid.vdg), connections)]
            for neighbour in configuration.caps.neighbours:
                at = read_connections(neighbour.homes_csv, network)
                parties.append(Party(neighbour.vdg, _chain_of(chain, wallet, neighbour.vdg), at))
            self.caps = CapService(
                GridSolver(network), clock, parties, configuration.caps, tables.findings, settings.keep.limits
            )
        self.control = ControlService(
            grid.vdg,
            clock,
            connections,
            control_chain,
            self._station,
            Measurements(tables.readings, stations, tables.members, connections),
            commitments,
            GridMonitor(network, settings.watch.limits, settings.keep.limits),
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
            if self.caps is not None:
                tasks.create_task(self.caps.run())


def _chain_of(chain: Chain, wallet: Wallet, vdg: str) -> GatewayChain:
    return GatewayChain(chain, wallet, vdg, _CAPS_PATIENCE_SECONDS)


def network_of(name: str) -> Network:
    """A shipped network by its name, or the one in a file. Raises: ConfigurationError."""
    try:
        return open_network(name)
    except BadNetwork as error:
        raise ConfigurationError(f"control.network = {name}: {error}") from error
