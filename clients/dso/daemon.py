"""The DSO's daemon for one grid: collects meters, proves flows, posts rebates, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError, read_configuration
from clients.common.slots import SlotClock
from clients.common.until_stopped import until_stopped
from clients.common.wallet import Wallet
from clients.dso.collector.check import TimeRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.collector.recalls import RecallRules, Recalls
from clients.dso.daemon_configuration import DaemonConfiguration
from clients.dso.database import open_database
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.forecast import DayProfile, Persistence, read_profile
from clients.dso.gateway_chain import GatewayChain
from clients.dso.grid_chain import ChainUnavailable
from clients.dso.members import Members
from clients.dso.passphrase import read_passphrase
from clients.dso.prover.proofs import Proofs
from clients.dso.prover.prover import Prover, Rules
from clients.dso.prover.signatures import Signer
from clients.dso.prover.signing import Signing
from clients.dso.prover.submission import Submission
from clients.dso.rebates import RebateRules, Rebates
from clients.dso.status import Status
from wire.grid import Grid

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_LONGEST_GRACE_SECONDS = 30.0


async def serve(path: Path) -> None:
    """Run the daemon until a signal ends it.

    Raises: ConfigurationError, KeystoreError, ChainError (chain state in use, another chain) before it runs.
    """
    if await until_stopped(_run(read_configuration(path, DaemonConfiguration))):
        log.info("ended")


async def _run(configuration: DaemonConfiguration) -> None:
    account = configuration.account
    profile = _profile(configuration)
    wallet = Wallet.from_key_file(account.keystore, read_passphrase(account.passphrase))
    try:
        findings_file = Findings(configuration.findings_file)
    except OSError as error:
        raise ConfigurationError(f"findings_file: can't be written ({error}): give another path") from error
    database = open_database(configuration.database, configuration.chain_id, configuration.vdg)
    with closing(database), findings_file as findings:
        async with Signer(configuration.signer) as signer:
            log.info("waiting for a gateway at %s", configuration.gateway.target)
            chain = await Chain.open(
                configuration.gateway.target,
                state=configuration.chain_state,
                tls=configuration.gateway.tls_files,
                chain_id=configuration.chain_id,
            )
            async with chain:
                await Daemon(configuration, profile, wallet, findings, database, signer, chain).run()


class Daemon:
    """The parts, put together."""

    def __init__(
        self,
        configuration: DaemonConfiguration,
        profile: DayProfile | None,
        wallet: Wallet,
        findings: Findings,
        database: sqlite3.Connection,
        signer: Signer,
        chain: Chain,
    ) -> None:
        self._configuration = configuration
        self._profile = profile
        self._wallet = wallet
        self._findings = findings
        self._signer = signer
        self._chain = chain
        self._database = database
        self._readings = Readings(database)
        self._proofs = Proofs(database)

    async def run(self) -> None:
        """Run all parts until cancelled. Raises: ConfigurationError when the chain has no such grid."""
        configuration = self._configuration
        patient = GatewayChain(self._chain, self._wallet, configuration.vdg, _LONGEST_GRACE_SECONDS)
        try:
            grid, members = await _grid_and_members(patient)
        except LookupError as error:
            raise ConfigurationError(str(error)) from error
        chain = GatewayChain(self._chain, self._wallet, configuration.vdg, min(30.0, max(5.0, 2.0 * grid.slot_seconds)))
        grace_s = configuration.proofs.grace_s
        if grace_s is None:
            grace_s = min(_LONGEST_GRACE_SECONDS, 0.4 * grid.slot_seconds)
        prover = Prover(
            Rules(configuration.chain_id, grace_s, configuration.proofs.keep_slots),
            grid,
            members,
            self._readings,
            self._proofs,
            Signing(self._signer, self._proofs, self._findings),
            Submission(configuration.vdg, chain, self._proofs, self._findings),
            self._findings,
        )
        clock = SlotClock(grid.epoch_s, grid.slot_seconds)
        rules = TimeRules(clock, configuration.meters.time_tolerance_s, grace_s)
        rebates = self._rebates(clock, chain)
        operation = None
        if configuration.control is not None:
            # Loading what solves grids takes a second, which a daemon without one needn't spend.
            from clients.dso.operation import Operation, Tables

            tables = Tables(self._readings, members, self._database, rules, self._findings)
            operation = Operation(configuration, configuration.control, self._chain, self._wallet, grid, tables)
        collector = Collector(
            configuration.mqtt,
            rules,
            members,
            self._readings,
            self._findings,
            prover.heard,
            operation.desk if operation is not None else None,
            Recalls(RecallRules.of(clock, grid.proof_deadline_slots, grace_s), members, self._readings, self._findings),
        )
        status = Status(
            configuration.chain_id, members, collector, prover, self._proofs, rebates, self._findings, operation
        )
        log.info("proving vdg %s of chain %s, %d members", grid.vdg, configuration.chain_id, len(members))
        async with asyncio.TaskGroup() as group:
            group.create_task(collector.run())
            group.create_task(prover.run())
            group.create_task(self._follow_changes(chain, members, prover))
            if rebates is not None:
                group.create_task(rebates.run())
            if operation is not None:
                group.create_task(operation.run())
            if configuration.status_file is not None:
                group.create_task(status.keep(configuration.status_file))

    def _rebates(self, clock: SlotClock, chain: GatewayChain) -> Rebates | None:
        settings = self._configuration.rebates
        if settings is None:
            return None
        rules = RebateRules(self._configuration.vdg, clock, settings.max_neur_per_wh, settings.post_at_slot_of_day)
        return Rebates(rules, self._profile or Persistence(self._readings, clock), chain, self._findings)

    async def _follow_changes(self, chain: GatewayChain, members: Members, prover: Prover) -> None:
        """Keep members and the grid's proof key as the chain has them."""
        while True:
            try:
                async for _ in chain.changes():
                    prover.grid = await chain.grid()
                    members.replace(await chain.members())
            except ChainUnavailable as error:
                self._findings.add(
                    Finding(Kind.CHAIN_UNAVAILABLE, "", None, str(error), "it is tried again; see after the gateway")
                )
                await asyncio.sleep(_RETRY_SECONDS)


def _profile(configuration: DaemonConfiguration) -> DayProfile | None:
    settings = configuration.rebates
    return read_profile(settings.forecast_csv) if settings is not None and settings.forecast_csv else None


async def _grid_and_members(chain: GatewayChain) -> tuple[Grid, Members]:
    while True:
        try:
            return await chain.grid(), Members(await chain.members())
        except ChainUnavailable as error:
            log.warning("waiting for the chain: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)
