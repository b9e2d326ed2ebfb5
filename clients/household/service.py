"""The process: opens everything, brings each home up to date with the chain, and trades until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, TypeVar

from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError
from clients.common.errors import ChainError, HistoryGone
from clients.common.slots import SLOTS_PER_HOUR
from clients.common.subscribe import Cursor
from clients.common.until_stopped import until_stopped
from clients.common.wallet import Wallet
from clients.household.chain_state import read_account, read_contracts, read_settled, read_terms
from clients.household.configuration import HomeAssistantSection, HouseholdConfiguration
from clients.household.database import Database
from clients.household.devices import Change, ChangeKind, DeviceLink, Roster
from clients.household.devices.homeassistant import PanelPublisher
from clients.household.diary import Diary
from clients.household.equipment import Equipment
from clients.household.follower import Follower
from clients.household.gateways import Gateways
from clients.household.home import Home
from clients.household.home_maker import HomeMaker
from clients.household.keys import wallet_of
from clients.household.patience import patiently
from clients.household.person.desk import Desk
from clients.household.person.panel import Panel
from clients.household.person.wishes import Wishes
from clients.household.position_watch import PositionWatch
from clients.household.reactions import Reaction
from clients.household.response.control_watch import ControlWatch
from clients.household.response.dso_link import DsoLink
from clients.household.sender import Sender
from clients.household.sunspec.equipment import SunSpecEquipment
from clients.household.terms import Terms
from clients.household.trader import Trader
from clients.household.verification import VerifiedChain
from wire.chain import GetParametersRequest
from wire.mqtt import Topics
from wire.unverified import Unverified

log = logging.getLogger(__name__)
T = TypeVar("T")

# Contracts of slots up to so long ago may still wait for settlement.
_UNSETTLED_SLOTS = 144
# The module of real-time control, by its name in the chain's parameters.
_CONTROL = "control"


class Service:
    """All homes of one process."""

    def __init__(self, configuration: HouseholdConfiguration) -> None:
        """Open the keys. Raises: ConfigurationError with every home whose key can't be used."""
        self._configuration = configuration
        self._wallets: dict[str, Wallet] = {}
        problems = []
        for home in configuration.homes:
            try:
                self._wallets[home.id] = wallet_of(home)
            except ConfigurationError as error:
                problems.append(str(error))
        if problems:
            raise ConfigurationError("\n".join(problems))
        self.homes: dict[str, Home] = {}
        self._equipment: dict[str, Equipment] = {}
        self._traders: dict[str, Trader] = {}
        self._trader_of: dict[str, Trader] = {}
        self._control: ControlWatch | None = None

    async def run(self) -> None:
        """Work until cancelled, or until SIGTERM or SIGINT. Raises: ConfigurationError, ChainError."""
        gateway = self._configuration.gateway
        if await until_stopped(self._work(gateway.tls.files() if gateway.tls else None)):
            log.info("ended: what was under way goes on at the next start")

    async def _work(self, tls: Any) -> None:
        gateways = Gateways([self._configuration.gateway.target, *self._configuration.gateway.others])
        while True:
            try:
                await self._work_at(gateways.current, tls)
                return
            except Unverified as lie:
                await gateways.leave(lie)

    async def _work_at(self, target: str, tls: Any) -> None:
        configuration = self._configuration
        chain_id = configuration.gateway.chain_id
        chain = await VerifiedChain.open(target, state=configuration.chain_file, tls=tls, chain_id=chain_id)
        async with chain:
            database = Database.open(configuration.household_file, chain.chain_id)
            try:
                if configuration.verify and configuration.trust is not None:
                    chain.verify_with(await chain.verified(configuration.trust, file=configuration.trust_file))
                await self._trade(chain, database)
            except* (ConfigurationError, ChainError, Unverified) as errors:
                # One cause ends all tasks; it is what the user should read.
                cause = leaf_of(errors)
                if isinstance(cause, Unverified):
                    self._sound_alarm(database, target, cause)
                raise cause from errors
            finally:
                database.close()

    def _sound_alarm(self, database: Database, target: str, lie: Unverified) -> None:
        """Say it where nobody can miss it: in the log, and as every home's alarm."""
        text = f"gateway {target} is not believed, and nothing is traded through it: {lie}"
        log.critical(text)
        for home in self._configuration.homes:
            database.alarm(home.id, int(time.time()), text)

    async def _trade(self, chain: VerifiedChain, database: Database) -> None:
        sender = Sender(chain, database, self._wallets, self._react)
        try:
            start = database.cursor() or await chain.cursor()
            await self._make_homes(chain, database, sender)
            link = self._device_link()
            profiles = {home.id: self._configuration.profile_of(home) for home in self._configuration.homes}
            desk = Desk(database.overrides, profiles, self._wished)
            by_address = {home.account.address: home for home in self.homes.values()}
            follower = Follower(chain, database, by_address, self._block_seen, self._contracted, self._indebted)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(link.run())
                for equipment in self._equipment.values():
                    if isinstance(equipment, SunSpecEquipment):
                        tasks.create_task(equipment.run(self._heard))
                tasks.create_task(chain.until_a_lie())
                tasks.create_task(self._follow(chain, database, follower, start))
                tasks.create_task(desk.run())
                if self._configuration.home_assistant is not None:
                    tasks.create_task(self._publisher(desk, database, self._configuration.home_assistant).run())
                await self._catch_up(chain, database, sender)
                await self._answer_signals(chain, tasks)
                for vdg, trader in self._traders.items():
                    log.info("trading for %d homes of %s on %s", len(trader.homes), vdg, chain.chain_id)
                    tasks.create_task(trader.run())
                    if self._configuration.verify:
                        clock = trader.terms.clock
                        watch = PositionWatch(chain, vdg, trader.homes.values(), clock.slot_at)
                        tasks.create_task(watch.run(clock.slot_seconds / 2))
        finally:
            await sender.close()

    async def _make_homes(self, chain: VerifiedChain, database: Database, sender: Sender) -> None:
        configuration = self._configuration
        names = sorted({configuration.vdg_of(home) for home in configuration.homes})
        terms = {vdg: await patiently(partial(read_terms, chain, vdg)) for vdg in names}
        self._require_products(terms.values())
        by_grid: dict[str, list[Equipment]] = {vdg: [] for vdg in terms}
        topics = Topics(configuration.mqtt.topic_root)
        diary = Diary(database.slots)
        maker = HomeMaker(configuration, database, diary, topics)
        for section in configuration.homes:
            vdg = configuration.vdg_of(section)
            equipment = maker.make(section, self._wallets[section.id].address, terms[vdg])
            self.homes[section.id], self._equipment[section.id] = equipment.home, equipment
            by_grid[vdg].append(equipment)
        for vdg, all_equipment in by_grid.items():
            trader = Trader(chain, database, sender, terms[vdg], all_equipment, diary)
            self._traders[vdg] = trader
            self._trader_of |= dict.fromkeys(trader.homes, trader)

    async def _answer_signals(self, chain: VerifiedChain, tasks: asyncio.TaskGroup) -> None:
        """Take part in real-time control, on a chain that has it when the agent starts."""
        parameters = (await patiently(lambda: chain.query(GetParametersRequest()))).parameters
        if parameters is None or _CONTROL not in parameters.modules:
            return
        settings = self._configuration
        max_grid_wh = settings.planning.grid_limit_w // SLOTS_PER_HOUR
        dso = settings.dso_mqtt
        link = DsoLink(settings.mqtt, self.homes) if dso is None else DsoLink(dso, self.homes, dso.client_id)
        self._control = control = ControlWatch(chain, self._traders, settings.control, max_grid_wh, link.tell)
        tasks.create_task(control.run())
        tasks.create_task(link.run(control.assigned))

    def _device_link(self) -> DeviceLink:
        mqtt = self._configuration.mqtt
        roster = Roster(
            (device for equipment in self._equipment.values() for device in equipment.devices), Topics(mqtt.topic_root)
        )
        roster.on_change(self._changed)
        roster.on_heard(self._heard)
        return DeviceLink(mqtt, roster, mqtt.client_id)

    def _require_products(self, all_terms: Iterable[Terms]) -> None:
        """Raises: ConfigurationError for a product to stay out of that the chain does not have."""
        known = sorted({name for terms in all_terms for name in terms.products})
        for name in self._configuration.offers.without_products:
            if name not in known:
                raise ConfigurationError(
                    f"offers.without_products = {name}: the chain has no such product; it has {', '.join(known)}"
                )

    async def _catch_up(self, chain: Chain, database: Database, sender: Sender) -> None:
        """See through what an earlier process began, then read what stands on the chain."""
        left = database.under_way()
        if left:
            log.info("%d messages of an earlier process are seen through", len(left))
        for item in left:
            if item.home not in self.homes:
                database.finish(item)
        await asyncio.gather(*(sender.carry_out(self.homes[i.home], i) for i in left if i.home in self.homes))
        for trader in self._traders.values():
            now = trader.terms.clock.slot_at(time.time())
            for home in trader.homes.values():
                books = home.open_books(trader.terms, now)
                await patiently(partial(read_account, chain, trader.terms, home.account, now, books))

    async def _follow(self, chain: VerifiedChain, database: Database, follower: Follower, start: Cursor) -> None:
        """Follow the chain; where its history is gone, read the state anew and go on from there."""
        if database.cursor() is None:
            await self._read_anew(chain, database, start)
        while True:
            try:
                await follower.run(start)
            except HistoryGone as error:
                log.warning("blocks since %s are not kept any more (%s): reading the state anew", start, error)
                start = await chain.cursor()
                await self._read_anew(chain, database, start)

    async def _read_anew(self, chain: VerifiedChain, database: Database, start: Cursor) -> None:
        for vdg, trader in self._traders.items():
            now = trader.terms.clock.slot_at(time.time())
            slots = range(max(0, now - _UNSETTLED_SLOTS), max(0, now + trader.terms.furthest_slots + 1))
            homes = {home.account.address: home for home in trader.homes.values()}
            contracts = await patiently(partial(read_contracts, chain, vdg, slots))
            own = [c for c in contracts if c.buyer in homes or c.seller in homes]
            await chain.verify_events(own, (), start.height - 1, time.time_ns())
            settled = []
            if database.cursor() is not None:
                past = range(slots.start, max(0, now))
                settled = await patiently(partial(read_settled, chain, vdg, homes, past))
            database.follow(start, own, settled)
            for contract in own:
                for address in {contract.buyer, contract.seller} & homes.keys():
                    homes[address].account.add_contract(contract)
            for item in settled:
                homes[item.account].account.settle(item)

    def _publisher(self, desk: Desk, database: Database, section: HomeAssistantSection) -> PanelPublisher:
        panel = Panel(desk, database, self._trader_of)
        return PanelPublisher(self._configuration.mqtt, self.homes, panel, section.agent, section.prefix)

    def _wished(self, name: str, wishes: Wishes) -> None:
        self.homes[name].wishes = wishes
        self._trader_of[name].wished(self.homes[name])

    def _heard(self, name: str) -> None:
        if self._equipment[name].look():
            self._trader_of[name].measured(self.homes[name])
            if self._control is not None:
                self._control.measured(self.homes[name])
        if self._control is not None:
            self._control.heard(self.homes[name])
        self._trader_of[name].heard(self.homes[name])

    def _changed(self, change: Change) -> None:
        """A device is there, gone, another one, or doesn't do what it was told: the plan has to be made again."""
        level = logging.INFO if change.kind in (ChangeKind.AVAILABLE, ChangeKind.NEED) else logging.WARNING
        log.log(level, "%s/%s: %s: %s", change.home, change.device, change.kind.value, change.reason)
        self._equipment[change.home].look()
        self._trader_of[change.home].changed(self.homes[change.home])

    def _block_seen(self, time_s: float) -> None:
        for trader in self._traders.values():
            trader.block_seen(time_s)

    def _contracted(self, home: Home) -> None:
        self._trader_of[home.id].contracted(home)

    def _indebted(self, home: Home) -> None:
        self._trader_of[home.id].indebted(home)

    async def _react(self, home: Home, message: Any, reaction: Reaction) -> None:
        await self._trader_of[home.id].react(home, message, reaction)


def leaf_of(errors: BaseException) -> BaseException:
    """The first error in nested groups."""
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors
