"""Whole days of the neighbourhood in one process: real homes, real agents, the real state machine, no network."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any, NamedTuple

from nacl.signing import SigningKey

from abci_app.app import App
from abci_app.state.store import MemoryStore
from clients.household.account import Account
from clients.household.battery import BatteryLimits
from clients.household.forecasting.forecast import Persistence, PersistenceSettings
from clients.household.home import Habits, Home
from clients.household.measurements import Measurements
from clients.household.offers import OfferRules, Offers
from clients.household.plan import Rule
from clients.household.planned import Planned, PlanningSettings
from clients.household.planner.planner import Planner
from clients.household.prices import own_margin_permille
from clients.household.sender import take_effect
from clients.household.strategy import Plain, Strategy, StrategyName
from clients.household.terms import Terms
from emulator.battery import Battery
from emulator.clock import Clock
from emulator.flexible import Devices, flexible_devices
from emulator.homes import Home as Building
from emulator.homes import neighbourhood
from emulator.household import Household, SlotEnd
from emulator.messages import history, nameplate, telemetry
from emulator.shadow import shadow
from emulator.slot_summary import held
from emulator.units import MJ_PER_WH, SLOT_MS, SLOTS_A_DAY
from node.run.cast import Actor, Cast
from node.run.genesis import MAX_REBATE_NEUR_PER_WH, TARIFF_BUY_NEUR_PER_WH, VDG, app_state
from node.run.kept import Commitments
from node.run.missed import Missed, MissedReport, Seen, missed_by, missed_report
from tests.household.flexible_day import FlexibleDay
from wire.codec import decode, encode
from wire.events import event_class
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.grid import GetGridRequest, GetGridResponse, ListTermsRequest, ListTermsResponse, SetRebates
from wire.market import ContractMade, ListProductsRequest, ListProductsResponse
from wire.mqtt import SetPoint, StatusCode
from wire.results import Code
from wire.settlement import ContractSettled, HouseholdSettled
from wire.tx import TxBody, assemble

_SAME_WH = 5
SLOTS_AN_HOUR = 6
CHAIN_ID = "household-day"
EPOCH_S = 1_780_000_000
SLOT_SECONDS = 600
Sent = list[tuple[Actor, Any]]


class Settings(NamedTuple):
    """What is compared."""

    rule: Rule = Rule()
    strategy: StrategyName = StrategyName.PLANNED
    planning: PlanningSettings = PlanningSettings()
    offers: OfferRules = OfferRules()
    persistence: PersistenceSettings = PersistenceSettings()
    habits: Habits = Habits()
    highest_margin_permille: int = 300
    devices: int = 0


class HomeDay(NamedTuple):
    """A home's bills of the day (neur) with and without the market, and its trade (Wh).

    ``battery_wh``: what its battery holds at the end beyond what it would without the market; ``devices_wh``: what its
    car and heat store do, in electricity.
    """

    home: str
    kind: str
    margin_permille: int
    bill_neur: int
    without_neur: int
    bought_wh: int
    sold_wh: int
    rebate_neur: int
    reward_neur: int
    battery_wh: int
    devices_wh: int = 0

    @property
    def gain_neur(self) -> int:
        """What the market saved."""
        return self.without_neur - self.bill_neur

    @property
    def worth_neur(self) -> int:
        """What was saved, with what is left in the battery at the price of the next slot, midnight's."""
        return self.gain_neur + (self.battery_wh + self.devices_wh) * TARIFF_BUY_NEUR_PER_WH[0]


class Kept(NamedTuple):
    """How batteries kept to what was contracted: home-slots with a battery and a contract.

    ``as_steered``: the meter counted the net flow that was set, within 5 Wh. ``at_limit``: it didn't, but the battery
    gave or took all that its power and energy allow. ``otherwise``: neither. ``off_wh``: by how much in all.
    ``limits_crossed``: slots after which any battery was outside its limits.
    """

    as_steered: int = 0
    at_limit: int = 0
    otherwise: int = 0
    off_wh: int = 0
    limits_crossed: int = 0


class DayChain:
    """The state machine as a chain, one block at a time."""

    def __init__(self, cast: Cast) -> None:
        self.app = App(MemoryStore())
        genesis = app_state(cast, (bytes(32),), EPOCH_S, SLOT_SECONDS)
        self.app.init_chain(CHAIN_ID, EPOCH_S - SLOT_SECONDS, [(bytes(32), 1)], json.dumps(genesis).encode())
        self._nonces: Counter[bytes] = Counter()
        self.results: Counter[Code] = Counter()

    def block(self, time_s: int, messages: Sent) -> tuple[list[Code], list[Any]]:
        """Execute messages in one block; their codes and the block's events."""
        txs = []
        for actor, message in messages:
            self._nonces[actor.seed] += 1
            body = TxBody(CHAIN_ID, actor.address, self._nonces[actor.seed], time_s + 60, message)
            key = SigningKey(actor.seed)
            txs.append(assemble(body, lambda data, key=key: key.sign(data).signature))  # type: ignore[misc]  # key binds
        done = self.app.finalize_block(self.app.last_block.height + 1, time_s * 10**9, txs).block
        self.app.commit()
        codes = [result.code for result in done.results]
        self.results.update(codes)
        encoded = [*done.events, *(event for result in done.results for event in result.events)]
        return codes, [decode(event_class(event.name), event.data) for event in encoded]

    def query(self, path: str, request: Any, response: type[Any]) -> Any:
        """Ask the last block."""
        result = self.app.query(path, encode(request))
        if result.code:
            raise RuntimeError(result.message)
        return decode(response, result.value)


class Day:
    """A day of homes, or several; ``run`` lives them, then the counts and ``homes`` tell what came of it.

    Day-ahead blocks are traded from the first noon on, for the days after the first.
    """

    def __init__(self, day: str = "06-15", homes: int = 33, settings: Settings | None = None, days: int = 1) -> None:
        self._settings = settings or Settings()
        self._slots = days * SLOTS_A_DAY
        self._buildings = neighbourhood(homes, day)
        self._clock = Clock(EPOCH_S, SLOT_SECONDS)
        names = ("registrar", "issuer", "dso", "supplier", "proof-key")
        registrar, issuer, dso, supplier, proof_key = (_actor(name) for name in names)
        actors = tuple((building, _actor(building.id)) for building in self._buildings)
        self._planner = Planner()
        self._cast = Cast(
            registrar, issuer, dso, supplier, proof_key, (_actor("operator"),), actors, _actor("controller")
        )
        self.chain = DayChain(self._cast)
        self._actors = {building.id: actor for building, actor in actors}
        self._physical = {
            building.id: Household(building, devices=self._devices().get(building.id, ()))
            for building in self._buildings
        }
        self._read_wh = {name: each.first_reading().registers.net_wh for name, each in self._physical.items()}
        self.agents = {building.id: self._agent(building) for building in self._buildings}
        self.flexible = {
            name: FlexibleDay(self.agents[name], household, self._planner)
            for name, household in self._physical.items()
            if household.devices
        }
        self._by_address = {agent.account.address: agent for agent in self.agents.values()}
        self.traded_wh: Counter[int] = Counter()
        self.traded_in_wh: Counter[str] = Counter()
        self.verified_wh = 0
        # How far each slot's metered flow ended from what the home was committed to, by home.
        self.apart_wh: defaultdict[str, list[int]] = defaultdict(list)
        self.kept = Kept()
        # The report's own sums and classes, of each home's settled slots with contracts.
        self.commitments: defaultdict[str, Commitments] = defaultdict(Commitments)
        self.missed: Counter[str] = Counter()
        self._missed: defaultdict[str, list[Missed]] = defaultdict(list)
        self._told: dict[int, dict[str, Any]] = {}
        self._steered_wh: dict[tuple[str, int], int] = {}
        self.homes: list[HomeDay] = []

    def run(self) -> None:
        """Live the days, and work out the bills."""
        slots = self._slots
        self.chain.block(EPOCH_S - SLOT_SECONDS, [])
        rebates = self._rebates()
        posted = [SetRebates(VDG, max(1, day), rebates[max(1, day) - day :]) for day in range(0, slots, SLOTS_A_DAY)]
        self.chain.block(EPOCH_S - SLOT_SECONDS // 2, [(self._cast.dso, message) for message in posted])
        answer = self.chain.query("/market/ListProducts", ListProductsRequest(), ListProductsResponse)
        products = {product.name: product for product in answer.products}
        proofs: Sent = []
        for now in range(slots):
            self._hear(self.chain.block(EPOCH_S + now * SLOT_SECONDS, [])[1])
            grid = self.chain.query("/grid/GetGrid", GetGridRequest(VDG), GetGridResponse)
            posted = self.chain.query("/grid/ListTerms", ListTermsRequest(VDG, now, 288), ListTermsResponse)
            terms = Terms(grid.grid, grid.tariff, products, now, posted.terms)
            self._act(terms, now, proofs)
            proofs = [(self._cast.dso, SubmitProofs(VDG, now, self._live(now)))]
        self._hear(self.chain.block(EPOCH_S + slots * SLOT_SECONDS, proofs)[1])
        self._hear(self.chain.block(EPOCH_S + slots * SLOT_SECONDS + 1, [])[1])
        self.homes = [self._home_day(building, terms, slots) for building in self._buildings]
        for building in self._buildings:
            self.missed.update(self._missed_report(building).model_dump())

    def _agent(self, building: Building) -> Home:
        address = self._actors[building.id].address
        measurements = Measurements(EPOCH_S, SLOT_SECONDS)
        measurements.take_history(history(building, 0))
        power_w = building.pv_wp + (building.battery.power_w if building.battery else 0)
        return Home(
            building.id,
            Account(address, capacity_wh=power_w // 6),
            measurements,
            Persistence(self._settings.persistence),
            # Nobody lives to settle what is traded for later slots.
            Offers(
                self._settings.offers.model_copy(update={"last_slot": self._slots - 1}),
                own_margin_permille(address, self._settings.highest_margin_permille),
            ),
            self._strategy(building.id),
            self._settings.habits,
            battery=BatteryLimits.of(nameplate(building, self._clock, 0)),
            has_pv=building.pv_wp > 0,
        )

    def _devices(self) -> Devices:
        """Devices as they are before anything has happened."""
        return flexible_devices(self._buildings, self._settings.devices, self._clock, SLOT_SECONDS)

    def _strategy(self, home: str) -> Strategy:
        plain = Plain(self._settings.rule)
        if self._settings.strategy is StrategyName.PLAIN:
            return plain
        return Planned(home, self._planner, self._settings.planning, otherwise=plain)

    def _rebates(self) -> tuple[int, ...]:
        """r_t = g_hat r_max, with the day before's average PV as g_hat (4.1)."""
        average = [sum(each.pv_at(slot - SLOTS_A_DAY) for each in self._buildings) for slot in range(SLOTS_A_DAY)]
        peak = max(average) or 1
        return tuple(MAX_REBATE_NEUR_PER_WH * pv // peak for pv in average)

    def _act(self, terms: Terms, now: int, proofs: Sent) -> None:
        """Let every agent see, decide, send and steer, in two blocks of the slot."""
        backing: Sent = []
        trading: Sent = list(proofs)
        for name, agent in self.agents.items():
            actor, household = self._actors[name], self._physical[name]
            if name in self.flexible:
                self.flexible[name].begin_slot(terms, now)
            agent.measurements.take_telemetry(telemetry(household.powers(), self._clock))
            if name in self.flexible:
                self.flexible[name].follow(terms)
            decision = agent.decide(terms, now)
            backing += [(actor, declared) for declared in decision.availability]
            trading += [(actor, order) for order in decision.orders]
            declaration = agent.declaration(terms, now + 1)
            if declaration is not None:
                trading.append((actor, declaration))
            steering = agent.steering(now + 1)
            if steering is not None:
                if steering.grid_wh is not None:
                    self._steered_wh[(name, steering.slot)] = steering.grid_wh
                status, reason = household.offer(SetPoint(sequence=now, **steering._asdict()))
                if status is not StatusCode.ACCEPTED:
                    raise RuntimeError(reason)
        for seconds, messages in ((SLOT_SECONDS // 3, backing), (SLOT_SECONDS // 2, trading)):
            codes, events = self.chain.block(EPOCH_S + now * SLOT_SECONDS + seconds, messages)
            self._hear(events)
            for (actor, message), code in zip(messages, codes, strict=True):
                if code is Code.OK and actor.address in self._by_address:
                    take_effect(self._by_address[actor.address], message)

    def _live(self, slot: int) -> tuple[FlowProof, ...]:
        """Let the homes live a slot, and sign what their meters say."""
        signed = []
        key = SigningKey(self._cast.proof_key.seed)
        for building in self._buildings:
            battery = self._physical[building.id].battery
            before_wh = battery.energy_mj // MJ_PER_WH if battery else 0
            for event in self._physical[building.id].advance((slot + 1) * SLOT_MS):
                if isinstance(event, SlotEnd):
                    net_wh = event.registers.net_wh
                    flow_wh, self._read_wh[building.id] = net_wh - self._read_wh[building.id], net_wh
                    committed_wh = self.agents[building.id].committed_wh(slot)
                    if committed_wh is not None:
                        self.apart_wh[building.id].append(abs(flow_wh - committed_wh))
                    if battery is not None:
                        self._compare(building.id, slot, flow_wh, battery, before_wh)
                    account = self._actors[building.id].address
                    statement = FlowStatement(CHAIN_ID, VDG, slot, account, flow_wh, building.meter)
                    signature = key.sign(flow_sign_bytes(statement)).signature
                    signed.append(FlowProof(account, flow_wh, building.meter, signature))
        self._told[slot] = dict(held(self._physical))
        return tuple(signed)

    def _missed_report(self, building: Building) -> MissedReport:
        """As a run's report judges it: by the emulator's records and the chain's settlements."""
        devices, is_plain = building.id in self.flexible, self._settings.strategy is StrategyName.PLAIN
        return missed_report(
            self._missed[building.id], Seen(building.id, building.battery, devices, is_plain, self._told)
        )

    def _compare(self, name: str, slot: int, flow_wh: int, battery: Battery, before_wh: int) -> None:
        """Count a battery's slot: was what was contracted steered to, and could it have been?"""
        rating, held_wh = battery.rating, battery.energy_mj // MJ_PER_WH
        if not rating.min_wh <= held_wh <= rating.max_wh:
            self.kept = self.kept._replace(limits_crossed=self.kept.limits_crossed + 1)
        contracted = self.agents[name].account.position_wh(slot)
        target = self._steered_wh.pop((name, slot), None)
        if target is None or not contracted:
            return
        off = flow_wh - target
        # Less was taken than meant (off < 0): the battery would have had to take more, or to give less.
        more_wh = before_wh - held_wh + off
        power_wh = rating.power_w // SLOTS_AN_HOUR
        could = min(power_wh, before_wh - rating.min_wh) if off > 0 else max(-power_wh, before_wh - rating.max_wh)
        reached = more_wh <= could + _SAME_WH if off > 0 else more_wh >= could - _SAME_WH
        kind = "as_steered" if abs(off) <= _SAME_WH else "otherwise" if reached else "at_limit"
        self.kept = self.kept._replace(**{kind: getattr(self.kept, kind) + 1}, off_wh=self.kept.off_wh + abs(off))

    def _hear(self, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, ContractMade) and event.contract:
                self.traded_wh[event.contract.slot] += event.contract.energy_wh
                self.traded_in_wh[event.contract.product] += event.contract.energy_wh
                for party in (event.contract.buyer, event.contract.seller):
                    self._by_address[party].account.add_contract(event.contract)
            elif isinstance(event, HouseholdSettled) and event.settlement:
                home = self._by_address[event.settlement.account]
                home.account.settle(event.settlement)
                self.commitments[home.id].add(event.settlement)
                missed = missed_by(event.settlement)
                if missed is not None:
                    self._missed[home.id].append(missed)
            elif isinstance(event, ContractSettled):
                self.verified_wh += event.verified_wh

    def _home_day(self, building: Building, terms: Terms, slots: int) -> HomeDay:
        account = self.agents[building.id].account
        alone = self._devices().get(building.id, [])
        without = shadow(building, slots, devices=alone)
        lived = self._physical[building.id].devices.values()
        without_neur = sum(
            flow.net_wh * (terms.buy_price(slot) if flow.net_wh >= 0 else terms.sell_price(slot))
            for slot, flow in enumerate(without.flows)
        )
        battery, bill = self._physical[building.id].battery, account.bill
        end_wh = battery.energy_mj // MJ_PER_WH if battery else 0
        return HomeDay(
            building.id,
            building.kind,
            own_margin_permille(account.address, self._settings.highest_margin_permille),
            bill.total_neur,
            without_neur,
            bill.bought_wh,
            bill.sold_wh,
            bill.rebate_neur,
            bill.reward_neur,
            end_wh - without.battery_end_wh,
            sum(device.held_wh for device in lived) - sum(device.held_wh for device in alone),
        )


def _actor(name: str) -> Actor:
    return Actor(name, name.encode().ljust(32, b"#")[:32])
