"""Our .proto files against the descriptors that lie, compressed, inside the real binaries."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError

from node.toolchain import COMETBFT_VERSION, COMPATIBLE_VERSION, binary
from tests.abci.binaries import VERSIONS, real_cometbft
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto import keys_pb2, proof_pb2
from wire.gen.tendermint.types import params_pb2, validator_pb2

pytestmark = real_cometbft

OURS = [abci, keys_pb2, proof_pb2, params_pb2, validator_pb2]
GZIP = b"\x1f\x8b\x08"

# What only the newer line has.
NEWER = {
    "tendermint.abci.Request.insert_tx",
    "tendermint.abci.Request.reap_txs",
    "tendermint.abci.Response.insert_tx",
    "tendermint.abci.Response.reap_txs",
    "tendermint.abci.RequestInsertTx.tx",
    "tendermint.abci.RequestReapTxs.max_bytes",
    "tendermint.abci.RequestReapTxs.max_gas",
    "tendermint.abci.ResponseInsertTx.code",
    "tendermint.abci.ResponseReapTxs.txs",
    "tendermint.crypto.PublicKey.bls12381",
    "tendermint.crypto.PublicKey.mldsa65",
    "tendermint.crypto.PublicKey.secp256k1eth",
    "tendermint.types.ConsensusParams.authority",
    "tendermint.types.AuthorityParams.authority",
}

Field = tuple[int, int, int, str, str]
"""Number, type, label, name of the message or enum, oneof."""


def embedded_files(version: str) -> Iterator[FileDescriptorProto]:
    """Yield every descriptor that Go's generated code carries in the binary."""
    image = binary("abci-cli", version).read_bytes()
    at = image.find(GZIP)
    while at >= 0:
        try:
            unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(image[at : at + 200_000])
            yield FileDescriptorProto.FromString(unpacked)
        except (zlib.error, DecodeError):
            # Three bytes that only looked like the start of a compressed descriptor.
            pass
        at = image.find(GZIP, at + 1)


def fields(scope: str, messages: list[DescriptorProto]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for message in messages:
        name = f"{scope}.{message.name}"
        for field in message.field:
            oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
            found[f"{name}.{field.name}"] = (field.number, field.type, field.label, field.type_name, oneof)
        found |= fields(name, list(message.nested_type))
    return found


def enum_values(scope: str, enums: list[EnumDescriptorProto], messages: list[DescriptorProto]) -> dict[str, int]:
    found = {f"{scope}.{enum.name}.{value.name}": value.number for enum in enums for value in enum.value}
    for message in messages:
        found |= enum_values(f"{scope}.{message.name}", list(message.enum_type), list(message.nested_type))
    return found


def described(files: list[FileDescriptorProto]) -> tuple[dict[str, Field], dict[str, int]]:
    all_fields: dict[str, Field] = {}
    all_values: dict[str, int] = {}
    for file in files:
        all_fields |= fields(file.package, list(file.message_type))
        all_values |= enum_values(file.package, list(file.enum_type), list(file.message_type))
    return all_fields, all_values


def our_files() -> list[FileDescriptorProto]:
    files = []
    for module in OURS:
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        files.append(file)
    return files


def their_files(version: str) -> list[FileDescriptorProto]:
    names = {file.name for file in our_files()}
    files = {file.name: file for file in embedded_files(version) if file.name in names}
    assert files.keys() == names
    return list(files.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_and_value_of_ours_is_theirs(version: str) -> None:
    our_fields, our_values = described(our_files())
    their_fields, their_values = described(their_files(version))
    newer = NEWER if version == COMPATIBLE_VERSION else set()
    assert {name: field for name, field in our_fields.items() if name not in newer} == {
        name: their_fields.get(name) for name in our_fields if name not in newer
    }
    assert not newer & their_fields.keys(), "not so new: take these off the list"
    assert our_values == {name: their_values.get(name) for name in our_values}


@pytest.mark.parametrize("version", VERSIONS)
def test_no_message_of_ours_lacks_a_field_of_theirs(version: str) -> None:
    our_fields, _ = described(our_files())
    messages = {name.rpartition(".")[0] for name in our_fields}
    their_fields, _ = described(their_files(version))
    assert {name for name in their_fields if name.rpartition(".")[0] in messages} <= our_fields.keys()


def test_every_request_and_reply_of_the_pinned_version_is_ours() -> None:
    our_fields, _ = described(our_files())
    their_fields, _ = described(their_files(COMETBFT_VERSION))
    envelopes = ("tendermint.abci.Request.", "tendermint.abci.Response.")
    theirs = {name for name in their_fields if name.startswith(envelopes)}
    assert len(theirs) == 18 + 19
    assert theirs <= our_fields.keys()
