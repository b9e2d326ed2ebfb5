"""What may leave a house: every request of its agent is taken apart, to the last byte and field.

Allowed is what is named here and nothing else: a new message, query, header or connection fails the test until somebody
has judged what it tells of the people in the house.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

import psutil

from clients.household.devices.homeassistant import Discovery
from clients.household.devices.homeassistant.entity import WORDS
from node.run.genesis import VDG
from tests.household.lying_relay import Asked, LyingRelay
from tests.household.neighbourhood import Neighbourhood
from tests.household.wire_tap import Published, WireTap
from wire.answered import Answered
from wire.codec import decode, encode
from wire.control import ControlOpened
from wire.device import DeviceCommand, DeviceTopics
from wire.events import event_class
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.mqtt import SetPoint, Topics
from wire.mqtt import decode as mqtt_decode
from wire.tx import Tx, TxBody

# Transactions: what is traded, declared or paid as a whole, for one slot or a run of them.
FIELDS_SENT = {
    "PlaceOrder": ("vdg", "product", "slot", "side", "energy_wh", "limit_price_neur_per_wh"),
    "CancelOrder": ("vdg", "product", "slot"),
    "DeclareAvailability": ("vdg", "first_slot", "energy_wh"),
    "DeclareFlow": ("vdg", "slot", "supplier_flow_wh"),
    "PayDebt": ("creditor", "reason", "amount_neur"),
}
# The texts in them: names of the grid and of products, and what a home's debt is for.
WORDS_SENT = {VDG, "day_ahead", "intraday", "real_time", "consumption", "reward charge"}
# Queries: names of what is public on the chain; none has a field that the house fills with something of its own.
FIELDS_ASKED = {
    "GetParametersRequest": (),
    "GetGridRequest": ("vdg",),
    "ListTermsRequest": ("vdg", "first_slot", "slots"),
    "ListProductsRequest": (),
    "ListContractsRequest": ("vdg", "slot", "account", "page_token", "limit"),
    "GetHouseholdRequest": ("vdg", "slot", "account"),
    "GetOrderRequest": ("vdg", "product", "slot", "account"),
    "GetAvailabilityRequest": ("vdg", "slot", "account"),
    "GetDeclarationRequest": ("vdg", "slot", "account"),
    "GetPositionRequest": ("vdg", "slot", "account"),
    "GetSlotRequest": ("vdg", "slot"),
    "GetBalanceRequest": ("holder",),
    "ListDebtsRequest": ("debtor", "page_token", "limit"),
    "GetAccountRequest": ("address",),
    "GetGridControlRequest": ("vdg",),
    "ListSessionsRequest": ("vdg", "slot"),
    "GetSessionRequest": ("vdg", "slot", "session"),
    "ListSignalsRequest": ("vdg", "slot", "session", "page_token", "limit"),
}
EVENTS_FOLLOWED = {
    "vdg.market.v1.ContractMade",
    "vdg.settlement.v1.HouseholdSettled",
    "vdg.control.v1.ControlOpened",
    "vdg.control.v1.ControlSignalled",
    "vdg.control.v1.ControlClosed",
}
GATEWAY = "/vdg.gateway.v1."
# What any gRPC client sends along.
HEADERS = {"user-agent"}
# What a home's page shows.
PAGE_VALUES = {"state_of_charge", "price", "planned_flow", "earnings", "pause_trading", "reserve", "comfort"}
# MQTT's CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT: only the first two and SUBSCRIBE say anything.
PACKETS = {1, 3, 4, 8, 12, 14}
_CONNECT_FLAGS, _WILL_FLAG = 7, 0x04


class Brokers(NamedTuple):
    """What the agent says at the house's broker, and at the one where it meets the DSO."""

    house: WireTap
    dso: WireTap


class Car(NamedTuple):
    """A device of a home: its id, the numbers that it tells of, and what nobody outside may read in any form."""

    home: str
    device: str
    numbers: Set[int]
    secrets: Sequence[str]


def judge(asked: Sequence[Asked], accounts: Iterable[bytes], private: Set[int] = frozenset()) -> dict[str, int]:
    """Take every request apart; how often each kind was seen. Raises: AssertionError for what may not leave.

    ``private`` are numbers that no transaction may have in it.
    """
    seen: dict[str, int] = {}
    own = set(accounts)
    for one in asked:
        assert {name for name, _ in one.headers} <= HEADERS, one.headers
        name = _gateway_call(one, own, private) if one.path.startswith(GATEWAY) else _query(one)
        seen[name] = seen.get(name, 0) + 1
    return seen


def _gateway_call(one: Asked, accounts: set[bytes], private: Set[int]) -> str:
    method = one.path.removeprefix(GATEWAY)
    request_type: Any = {
        "TxService/Submit": pb.SubmitRequest,
        "TxService/GetResult": pb.GetResultRequest,
        "EventService/Stream": pb.StreamRequest,
        "NodeService/Status": pb.StatusRequest,
        "StoreService/Get": pb.GetRequest,
        "LightService/LightBlock": pb.LightBlockRequest,
    }[method]
    request = request_type.FromString(one.data)
    # Nothing is hidden in fields that the schema doesn't have.
    request.DiscardUnknownFields()
    assert request.SerializeToString(deterministic=True) == one.data, method
    if isinstance(request, pb.SubmitRequest):
        return _transaction(request.tx, accounts, private)
    if isinstance(request, pb.StreamRequest):
        assert set(request.types) <= EVENTS_FOLLOWED
        assert set(request.accounts) <= accounts
    return method


def _transaction(tx: bytes, accounts: set[bytes], private: Set[int]) -> str:
    signed = decode(Tx, tx)
    body = decode(TxBody, signed.body)
    assert encode(signed) == tx
    assert encode(body) == signed.body
    assert body.sender in accounts
    name = type(body.message).__name__
    assert FIELDS_SENT.get(name) == body.message._fields, name
    for value in body.message:
        assert not isinstance(value, str) or value in WORDS_SENT, value
        numbers = value if isinstance(value, tuple) else (value,)
        assert not {one for one in numbers if isinstance(one, int)} & private, body.message
    return name


def _query(one: Asked) -> str:
    # /vdg.market.v1.QueryService/GetBook takes a vdg.market.v1.GetBookRequest.
    service, _, method = one.path.removeprefix("/").rpartition("/")
    kind = event_class(f"{service.rpartition('.')[0]}.{method}Request")
    request = decode(kind, one.data)
    assert encode(request) == one.data
    assert FIELDS_ASKED[kind.__name__] == kind._fields
    return kind.__name__


def connections(pid: int) -> set[int]:
    """The remote ports that a process and its children are connected to, all on this machine."""
    process = psutil.Process(pid)
    found = [one for each in (process, *process.children(recursive=True)) for one in each.net_connections("inet")]
    remote = [one.raddr for one in found if one.raddr]
    assert {address.ip for address in remote} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    return {address.port for address in remote}


def nothing_private_leaves(place: Neighbourhood, gateway: LyingRelay, broker: Brokers, car: Car) -> None:
    """All that the agent sent so far: to the gateway what the market needs, to the DSO that it has answered."""
    homes = [home.id for home, _ in place.cast.households]
    kinds = judge(gateway.asked, [actor.address for _, actor in place.cast.households], car.numbers)
    assert {"PlaceOrder", "DeclareFlow", "GetGridRequest", "EventService/Stream", "StoreService/Get"} <= kinds.keys()
    ports = {int(gateway.address.rpartition(":")[2]), broker.house.port, broker.dso.port}
    assert connections(place.agent_pid) <= ports
    for secret in car.secrets:
        for form in (secret.encode(), secret.encode().hex().encode()):
            assert not [one.path for one in gateway.asked if form in one.data], secret
            assert not [one for one in broker.dso.connects if form in one], secret
    for seed in (actor.seed for _, actor in place.cast.households):
        assert not [one.path for one in gateway.asked if seed in one.data]
    told = judge_house(broker.house.published, homes, {car.home: [car.device]})
    assert {f"{car.device}/command", "setpoint", "state", "notice", "limits", "config"} <= told
    assert broker.house.kinds | broker.dso.kinds <= PACKETS
    judge_dso(broker.dso.published, homes)
    assert set(broker.dso.subscribed) == {Topics().assignment("+")}
    # A last will would be said by the broker: the DSO's has none.
    assert not [one for one in broker.dso.connects if one[_CONNECT_FLAGS] & _WILL_FLAG]
    _nothing_private_is_answered(place, broker.dso.published)


def judge_house(published: Iterable[Published], homes: Sequence[str], devices: Mapping[str, Sequence[str]]) -> set[str]:
    """What is for the house's own broker, by topic and content; the ends of the topics that were seen.

    ``devices``: the ids of each home's. Raises: AssertionError for any other topic or message.
    """
    page = Discovery(Topics(), "household")
    named: dict[str, tuple[str, Callable[[bytes], object]]] = {page.online: ("online", one_of(b"online", b"offline"))}
    for home in homes:
        named[Topics().set_point(home)] = ("setpoint", lambda payload: mqtt_decode(SetPoint, payload))
        named[page.state(home)] = ("state", _page_values)
        named |= {page.words(home, key): (key, _words) for key in WORDS}
        named |= {one.topic: ("config", one_of(one.payload)) for one in page.messages(home)}
        for device in devices.get(home, ()):
            path = DeviceTopics(Topics(), home, device).command
            named[path] = (f"{device}/command", lambda payload: mqtt_decode(DeviceCommand, payload))
    seen = set()
    for one in published:
        assert one.topic in named, one.topic
        end, read = named[one.topic]
        read(one.payload)
        seen.add(end)
    return seen


def _page_values(payload: bytes) -> None:
    """The values of a home's page, and no other's."""
    assert json.loads(payload).keys() <= PAGE_VALUES, payload


def _words(payload: bytes) -> None:
    """A sentence to the person."""
    assert "{" not in payload.decode(), payload


def one_of(*payloads: bytes) -> Callable[[bytes], object]:
    """Reads these and nothing else."""

    def read(payload: bytes) -> None:
        assert payload in payloads, payload

    return read


def judge_dso(published: Iterable[Published], homes: Iterable[str]) -> None:
    """What the DSO is told: that homes have answered. Raises: AssertionError for any other topic or message."""
    topics = {Topics().answered(home) for home in homes}
    for one in published:
        assert one.topic in topics, one.topic
        told = json.loads(one.payload)
        # The fields that are named, in digits, and nothing between them.
        assert sorted(told) == ["iteration", "session", "since_ms", "slot"]
        assert one.payload == Answered.model_validate(told).encode()


def _nothing_private_is_answered(place: Neighbourhood, answers: list[Published]) -> None:
    """An answer says when, of which public signal; none is of battery or cost."""
    with_battery = {home.id for home, _ in place.cast.households if home.battery is not None}
    sessions = {(e.session.slot, e.session.session) for e in place.of_type(ControlOpened) if e.session is not None}
    assert answers
    for one in answers:
        assert one.topic.split("/")[-2] in with_battery
        told = json.loads(one.payload)
        assert (told["slot"], told["session"], told["iteration"]) in {(*at, 1) for at in sessions}
        begun_ms = (place.epoch_s + told["slot"] * place.slot_seconds) * 1000
        assert begun_ms - place.slot_seconds * 1000 <= told["since_ms"] <= begun_ms + place.slot_seconds * 1000
