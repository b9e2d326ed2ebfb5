"""An agent believes of a gateway what is proved to it: it leaves one that lies, loudly, and stops when none is left."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.common.channel import open_channel
from clients.common.clock import ChainClock
from clients.common.configuration import read_configuration
from clients.common.light_blocks import GatewayBlocks
from clients.common.state_file import StateFile
from clients.common.verified import VerifiedReads
from clients.household import position_watch
from clients.household.account import Account
from clients.household.chain_state import TERMS_SLOTS, read_terms
from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database
from clients.household.gateways import Gateways, NoGatewayLeft
from clients.household.position_watch import PositionWatch
from clients.household.status import read_status
from clients.household.verification import VerifiedChain
from tests.app.keyring import address
from tests.app.world import CHAIN_ID, VDG
from tests.household import privacy
from tests.household.controlling import control_until
from tests.household.lying_relay import lying_relay
from tests.household.neighbourhood import Neighbourhood, living
from tests.household.people import charging, move_in
from tests.household.wire_tap import wire_tap
from tests.proofs.lying_gateway import LyingGateway, lying_gateway
from tests.proofs.proven_chain import settled_chain
from wire.codec import decode, encode
from wire.device import DeviceTopics
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.grid import ListTermsResponse, SlotTerms
from wire.ledger import Balance, GetBalanceRequest, account_holder
from wire.light.client import LightClient
from wire.market import Contract, ContractMade, GetBookRequest, ListProductsRequest
from wire.mqtt import Topics
from wire.settlement import HouseholdSettled, HouseholdSettlement
from wire.unverified import Reason, Unverified

ANN = address("ann")


@pytest.fixture
async def gateway() -> AsyncIterator[LyingGateway]:
    async with lying_gateway(settled_chain()) as one:
        yield one


@pytest.fixture
async def chain(gateway: LyingGateway) -> AsyncIterator[VerifiedChain]:
    """As the agent has it, over a chain whose blocks are made by the test."""
    channel = open_channel(gateway.address)
    clock = ChainClock(channel)
    await clock.status()
    async with VerifiedChain(channel, await StateFile.open(None, CHAIN_ID), clock) as one:
        light = LightClient(GatewayBlocks(channel, patience_seconds=1), gateway.chain.anchor, gateway.chain.now_ns)
        one.verify_with(VerifiedReads(channel, light, max_age_seconds=10))
        yield one


def events(gateway: LyingGateway) -> tuple[list[Contract], list[HouseholdSettlement]]:
    """The contracts of slot 20, which waits for settlement, and the settlements."""
    made = [event.contract for event in gateway.chain.events_of(ContractMade)]
    settled = [event.settlement for event in gateway.chain.events_of(HouseholdSettled)]
    return [one for one in made if one and one.slot == 20], [one for one in settled if one]


async def test_contracts_and_settlements_are_believed_as_the_state_has_them(
    gateway: LyingGateway, chain: VerifiedChain
) -> None:
    contracts, settled = events(gateway)
    assert contracts
    assert settled
    await chain.verify_events(contracts, settled, gateway.chain.height - 1, gateway.chain.now_ns())


async def test_a_contract_of_a_settled_slot_need_not_be_there_any_more(
    gateway: LyingGateway, chain: VerifiedChain
) -> None:
    (old, *_) = [e.contract for e in gateway.chain.events_of(ContractMade) if e.contract and e.contract.slot == 10]
    await chain.verify_events([old], [], gateway.chain.height - 1, gateway.chain.now_ns())


@pytest.mark.parametrize("lie", ["another price", "a contract more", "no id", "another reward", "a settlement more"])
async def test_events_that_the_state_does_not_show_are_refused(
    gateway: LyingGateway, chain: VerifiedChain, lie: str
) -> None:
    (contract, *_), (settlement, *_) = events(gateway)
    contracts, settled = {
        "another price": ([contract._replace(buy_price_neur_per_wh=1)], []),
        "a contract more": ([contract._replace(contract_id=f"{VDG}/20/intraday/9")], []),
        "no id": ([contract._replace(contract_id="9")], []),
        "another reward": ([], [settlement._replace(reward_neur=settlement.reward_neur + 1)]),
        "a settlement more": ([], [settlement._replace(slot=13)]),
    }[lie]
    with pytest.raises(Unverified) as refused:
        await chain.verify_events(contracts, settled, gateway.chain.height - 1, gateway.chain.now_ns())
    assert refused.value.reason is Reason.CONTRADICTION


async def test_what_history_has_forgotten_is_no_lie(gateway: LyingGateway, chain: VerifiedChain) -> None:
    _, (settlement, *_) = events(gateway)
    hours_ago_ns = gateway.chain.now_ns() - 3600 * 10**9
    await chain.verify_events([], [settlement._replace(slot=3)], gateway.chain.height - 1, hours_ago_ns)


async def test_a_query_that_meets_a_lie_is_known_to_all(gateway: LyingGateway, chain: VerifiedChain) -> None:
    def lie(_: pb.GetRequest, answer: pb.GetResponse) -> pb.GetResponse:
        answer.value = encode(Balance(10**15, 0))
        return answer

    request = GetBalanceRequest(account_holder(ANN))
    assert (await chain.query(request)).balance == gateway.chain.balance("ann")
    gateway.item = lie
    with pytest.raises(Unverified):
        await chain.query(request)
    with pytest.raises(Unverified, match="FORGED_VALUE"):
        await chain.until_a_lie()


async def test_what_can_not_be_verified_is_asked_plainly(chain: VerifiedChain) -> None:
    assert (await chain.query(ListProductsRequest())).products
    assert not (await chain.query(GetBookRequest(VDG, "intraday", 30))).cleared


class OneHome:
    """As much of a home as the watch needs."""

    id = "h1"

    def __init__(self, contracts: list[Contract]) -> None:
        self.account = Account(ANN)
        for contract in contracts:
            self.account.add_contract(contract)


async def test_a_contract_that_is_kept_back_is_missed_by_the_position(
    gateway: LyingGateway, chain: VerifiedChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(position_watch, "_BEHIND_SECONDS", 0.5)
    contracts, _ = events(gateway)
    knowing: Any = OneHome(contracts)
    watch = PositionWatch(chain, VDG, [], lambda _: 20)
    await watch.check(knowing, 20)
    deceived: Any = OneHome([])
    with pytest.raises(Unverified, match="keeps some back"):
        await watch.check(deceived, 20)
    # Slot 10 is settled, and its positions are gone.
    await watch.check(deceived, 10)


async def test_a_gateway_that_has_lied_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.household.gateways.PAUSE_SECONDS", 0)
    gateways = Gateways(["a", "b", "c"])
    await gateways.leave(Unverified(Reason.STALE, "behind"))
    assert gateways.current == "b"
    await gateways.leave(Unverified(Reason.FORGED_VALUE, "forged"))
    assert gateways.current == "c"
    await gateways.leave(Unverified(Reason.STALE, "behind"))
    assert gateways.current == "a"
    await gateways.leave(Unverified(Reason.FORGED_HEADER, "forged"))
    with pytest.raises(NoGatewayLeft, match="there is no other"):
        await gateways.leave(Unverified(Reason.FORGED_HEADER, "forged"))


async def test_validators_that_sign_twice_end_everything() -> None:
    with pytest.raises(NoGatewayLeft, match="no gateway is asked any more"):
        await Gateways(["a", "b"]).leave(Unverified(Reason.CONFLICTING_HEADERS, "twice"))


def embellished(path: str, answer: bytes) -> bytes:
    """Settlements with a cent more."""
    if path != "/vdg.gateway.v1.EventService/Stream":
        return answer
    batch = pb.StreamResponse.FromString(answer)
    for event in batch.events:
        if event.type == "vdg.settlement.v1.HouseholdSettled":
            told = decode(HouseholdSettled, event.data).settlement
            assert told is not None
            event.data = encode(HouseholdSettled(told._replace(reward_neur=told.reward_neur + 10**7)))
    return batch.SerializeToString()


def forged(path: str, answer: bytes) -> bytes:
    """Values of one's own."""
    if path != "/vdg.gateway.v1.StoreService/Get":
        return answer
    item = pb.GetResponse.FromString(answer)
    item.value = encode(Balance(10**15, 0))
    return item.SerializeToString()


@pytest.mark.network
async def test_an_agent_leaves_a_gateway_that_lies_and_stops_when_the_last_one_does() -> None:
    with tempfile.TemporaryDirectory(prefix="hv", dir="/tmp") as folder:
        async with (
            living(Path(folder), homes=4, slot_seconds=2, controlled=True) as place,
            lying_relay(place.gateway) as first,
            lying_relay(place.gateway) as second,
            wire_tap(place.broker_port) as house,
            wire_tap(place.broker_port) as dso,
            charging(place) as car,
        ):
            content = yaml.safe_load(place.configuration.read_text())
            content["gateway"] |= {"target": first.address, "others": [second.address]}
            content["mqtt"]["url"] = f"mqtt://127.0.0.1:{house.port}"
            content["dso_mqtt"] = {"url": f"mqtt://127.0.0.1:{dso.port}"}
            content["home_assistant"] = {}
            content["homes"][0]["devices"] = [{"id": car.device, "kind": "car_charger"}]
            place.configuration.write_text(yaml.safe_dump(content))
            move_in(place)
            place.start_agent()
            await _settles(place, "homes settle through the first gateway")
            await control_until(place, lambda: bool(dso.published))
            command = DeviceTopics(Topics(), car.home, car.device).command
            await place.until(lambda: command in {one.topic for one in house.published}, "the car is told to charge")
            privacy.nothing_private_leaves(place, first, privacy.Brokers(house, dso), car)
            first.lie = embellished
            await place.until(lambda: "going on with gateway" in place.log.read_text(), "the agent leaves the liar")
            assert f"gateway {first.address} is not believed" in place.log.read_text()
            calls = first.calls
            await _settles(place, "homes settle through the second gateway")
            assert first.calls == calls
            alarms = {home["alarm"] for home in place.status().values()}
            assert all("CONTRADICTION" in alarm for alarm in alarms)
            _no_cent_too_much(place)
            second.lie = forged
            assert await place.ended() == 1
            assert "there is no other" in place.log.read_text()
            assert all("FORGED_VALUE" in home["alarm"] for home in place.status().values())


async def _settles(place: Neighbourhood, what: str) -> None:
    """More slots are settled, and the agent knows of it."""
    configuration = read_configuration(place.configuration, HouseholdConfiguration)

    def settled_slots() -> int:
        known = read_status(configuration) if place.has_state else []
        return sum(home.settled_slots for home in known)

    enough = settled_slots() + 2 * len(place.cast.households)
    await place.until(lambda: settled_slots() >= enough, what)


def _no_cent_too_much(place: Neighbourhood) -> None:
    """What the agent has counted is what the chain says."""
    database = Database.read_only(place.folder / "data" / "household.db")
    try:
        for _, actor in place.cast.households:
            slots, bill = database.settled_slots(actor.address, 0), database.bill(actor.address)
            told = [event.settlement for event in place.of_type(HouseholdSettled)]
            mine = [one for one in told if one.account == actor.address and one.slot in slots]
            received = sum(s.contracts_neur + s.deviation_neur + s.rebate_neur + s.reward_neur for s in mine)
            assert (bill.slots, bill.total_neur) == (len(mine), -received)
            assert slots
    finally:
        database.close()


async def test_only_near_new_and_changed_terms_are_proved_again(gateway: LyingGateway, chain: VerifiedChain) -> None:
    first = await read_terms(chain, VDG)
    assert len(first.slot_terms) == TERMS_SLOTS
    proved = gateway.items_served
    assert await read_terms(chain, VDG, first) == first
    assert gateway.items_served - proved == 12
    # Two days of which six slots were beyond what was read before.
    shorter = first._replace(slot_terms=first.slot_terms[:-6])
    proved = gateway.items_served
    assert await read_terms(chain, VDG, shorter) == first
    assert gateway.items_served - proved == 12 + 6


async def test_a_gateway_that_makes_up_terms_is_not_believed(gateway: LyingGateway, chain: VerifiedChain) -> None:
    first = await read_terms(chain, VDG)

    def made_up(path: str, answer: bytes) -> bytes:
        if not path.endswith("ListTerms"):
            return answer
        terms = list(decode(ListTermsResponse, answer).terms)
        for index in (3, 100, 101):
            terms[index] = SlotTerms(rebate_neur_per_wh=99_999)
        return encode(ListTermsResponse(tuple(terms)))

    gateway.query = made_up
    proved = gateway.items_served
    assert await read_terms(chain, VDG, first) == first
    assert gateway.items_served - proved == 12 + 2
