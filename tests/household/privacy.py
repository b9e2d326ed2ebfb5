"""What may leave a house: every request of its agent is taken apart, to the last byte and field.

Allowed is what is named here and nothing else: a new message, query, header or connection fails the test until somebody
has judged what it tells of the people in the house.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import psutil

from tests.household.lying_relay import Asked, LyingRelay
from tests.household.neighbourhood import Neighbourhood
from tests.household.wire_tap import Published, WireTap
from wire.answered import Answered
from wire.codec import decode, encode
from wire.control import ControlOpened
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


def judge(asked: Sequence[Asked], accounts: Iterable[bytes]) -> dict[str, int]:
    """Take every request apart; how often each kind was seen. Raises: AssertionError for what may not leave."""
    seen: dict[str, int] = {}
    own = set(accounts)
    for one in asked:
        assert {name for name, _ in one.headers} <= HEADERS, one.headers
        name = _gateway_call(one, own) if one.path.startswith(GATEWAY) else _query(one)
        seen[name] = seen.get(name, 0) + 1
    return seen


def _gateway_call(one: Asked, accounts: set[bytes]) -> str:
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
        return _transaction(request.tx, accounts)
    if isinstance(request, pb.StreamRequest):
        assert set(request.types) <= EVENTS_FOLLOWED
        assert set(request.accounts) <= accounts
    return method


def _transaction(tx: bytes, accounts: set[bytes]) -> str:
    signed = decode(Tx, tx)
    body = decode(TxBody, signed.body)
    assert encode(signed) == tx
    assert encode(body) == signed.body
    assert body.sender in accounts
    name = type(body.message).__name__
    assert FIELDS_SENT[name] == body.message._fields
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


def nothing_private_leaves(place: Neighbourhood, gateway: LyingRelay, tap: WireTap, secrets: list[str]) -> None:
    """All that the agent sent so far: to the gateway what the market needs, to the house's broker set points."""
    kinds = judge(gateway.asked, [actor.address for _, actor in place.cast.households])
    assert {"PlaceOrder", "DeclareFlow", "GetGridRequest", "EventService/Stream", "StoreService/Get"} <= kinds.keys()
    assert connections(place.agent_pid) <= {int(gateway.address.rpartition(":")[2]), tap.port}
    for secret in secrets:
        for form in (secret.encode(), secret.encode().hex().encode()):
            assert not [one.path for one in gateway.asked if form in one.data], secret
    for seed in (actor.seed for _, actor in place.cast.households):
        assert not [one.path for one in gateway.asked if seed in one.data]
    answers = answers_of(place, tap)
    set_points = [one for one in tap.published if one not in answers]
    own = {Topics().set_point(home.id) for home, _ in place.cast.households}
    assert set_points
    assert {one.topic for one in set_points} <= own, sorted({one.topic for one in set_points} - own)
    for one in set_points:
        assert isinstance(mqtt_decode(SetPoint, one.payload), SetPoint)
    _nothing_private_is_answered(place, answers)


def answers_of(place: Neighbourhood, tap: WireTap) -> list[Published]:
    """What homes have told their DSO in sessions of control."""
    topics = {Topics().answered(home.id) for home, _ in place.cast.households}
    return [one for one in tap.published if one.topic in topics]


def _nothing_private_is_answered(place: Neighbourhood, answers: list[Published]) -> None:
    """An answer says when, of which public signal; every byte of it is accounted for, none is of battery or cost."""
    with_battery = {home.id for home, _ in place.cast.households if home.battery is not None}
    sessions = {(e.session.slot, e.session.session) for e in place.of_type(ControlOpened) if e.session is not None}
    for one in answers:
        assert one.topic.split("/")[-2] in with_battery
        told = json.loads(one.payload)
        # The fields that are named, in digits, and nothing between them.
        assert sorted(told) == ["iteration", "session", "since_ms", "slot"]
        assert one.payload == Answered.model_validate(told).encode()
        assert (told["slot"], told["session"], told["iteration"]) in {(*at, 1) for at in sessions}
        begun_ms = (place.epoch_s + told["slot"] * place.slot_seconds) * 1000
        assert begun_ms - place.slot_seconds * 1000 <= told["since_ms"] <= begun_ms + place.slot_seconds * 1000
