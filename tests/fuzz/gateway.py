"""What a gateway reads from clients and nodes, and what a client reads from a gateway it does not trust."""

from __future__ import annotations

import base64

from google.protobuf.message import DecodeError, Message

from node.cometbft.blocks import Event
from node.cometbft.rpc_errors import RpcMalformedError
from node.gateway.block_record import decode_event, sender_of
from node.gateway.event_service import check_count, checked_addresses
from node.gateway.methods import parsed
from node.gateway.refusals import CallRefused
from tests.fuzz.finding import hold
from wire.gen.tendermint.types import types_pb2
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.light.hashing import header_hash, sign_bytes, validators_hash
from wire.light.json_form import light_block_from_json, light_block_to_json
from wire.light.proto_form import light_block_from_proto, light_block_to_proto
from wire.unverified import Unverified

REQUESTS: tuple[type[Message], ...] = tuple(
    value for name, value in sorted(vars(pb).items()) if name.endswith("Request") and isinstance(value, type)
)


def fuzz_gateway(data: bytes) -> None:
    """The first byte chooses the request; all other readers get the rest, too."""
    which, rest = (data[0], data[1:]) if data else (0, b"")
    cls = REQUESTS[which % len(REQUESTS)]
    try:
        request = parsed(cls.__name__, cls.FromString, rest)
        _check(request)
    except CallRefused as refused:
        hold(len(refused.message) < 1_000, "a refusal is short", data)
    hold(len(sender_of(rest)) >= 0, "any transaction has a sender, if an empty one", data)
    _read_event(rest)
    _read_light_block(rest)


def _check(request: Message) -> None:
    """The checks that streams make of their filters."""
    if isinstance(request, pb.StreamRequest):
        check_count("types", request.types)
        checked_addresses("accounts", request.accounts)
    elif isinstance(request, pb.StreamResultsRequest):
        checked_addresses("senders", request.senders)


def _read_event(data: bytes) -> None:
    text = data.decode("latin-1")
    for value in (text, base64.b64encode(data).decode()):
        event = Event("vdg.ledger.v1.Moved", (("data", value), ("account", text[:40])))
        try:
            decode_event(event, b"")
        except RpcMalformedError:
            continue


def _read_light_block(data: bytes) -> None:
    """One that is read can be hashed, and comes through both forms as it is."""
    try:
        block = light_block_from_proto(types_pb2.LightBlock.FromString(data))
    except (DecodeError, Unverified):
        return
    header_hash(block.header)
    validators_hash(block.validators)
    for signature in block.commit.signatures:
        sign_bytes(block.header.chain_id, block.commit, signature)
    hold(light_block_from_proto(light_block_to_proto(block)) == block, "a light block survives protobuf", data)
    hold(light_block_from_json(light_block_to_json(block)) == block, "a light block survives JSON", data)
