"""The signing service as a process: what it serves, to whom, and what no crash makes it do."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2
from nacl.signing import VerifyKey

from clients.dso.prover.signatures import (
    Signer,
    SignerRefusedError,
    SignerUnavailableError,
    SigningRefusal,
)
from clients.dso.signer.service import SERVICE_NAME
from tests.dso.signer_process import CHAIN_ID, VDG, SignerProcess
from wire.flowproof import FlowStatement, flow_sign_bytes

GOOD = FlowStatement(CHAIN_ID, VDG, 7, bytes(20), 1_200, "meter-1")


async def test_it_signs_over_mutual_tls_with_the_keystores_key(signer: SignerProcess) -> None:
    signer.start()
    async with signer.client() as client:
        public_key = await client.public_key()
        (signature,) = await client.sign([GOOD], public_key)
    assert isinstance(signature, bytes)
    VerifyKey(public_key).verify(flow_sign_bytes(GOOD), signature)


async def test_refusals_and_signatures_come_in_the_order_asked(signer: SignerProcess) -> None:
    signer.start()
    far = GOOD._replace(slot=int(time.time()) + 1_000)
    conflict = GOOD._replace(flow_wh=-3)
    async with signer.client() as client:
        outcomes = await client.sign([far, GOOD, conflict, GOOD], await client.public_key())
    assert isinstance(outcomes[0], SigningRefusal)
    assert outcomes[0].retry
    assert isinstance(outcomes[2], SigningRefusal)
    assert (outcomes[2].reason, outcomes[2].signed, outcomes[2].retry) == ("CONFLICT", GOOD, False)
    assert outcomes[1] == outcomes[3]


async def test_a_second_value_is_refused_after_kill_9_and_the_first_gets_its_signature(
    signer: SignerProcess,
) -> None:
    signer.start()
    async with signer.client() as client:
        public_key = await client.public_key()
        (first,) = await client.sign([GOOD], public_key)
    signer.kill()
    signer.start()
    async with signer.client() as client:
        refusal, again = await client.sign([GOOD._replace(flow_wh=9), GOOD], public_key)
    assert isinstance(refusal, SigningRefusal)
    assert refusal.reason == "CONFLICT"
    assert again == first


async def _ask_until_it_dies(
    signer: SignerProcess, public_key: bytes, seed: int, got: dict[tuple[int, int], bytes]
) -> None:
    """Ask for random values of a few slots; note every signature that arrives by (slot, flow)."""
    source = random.Random(seed)
    async with Signer(signer.address(), timeout_s=2) as client:
        while True:
            batch = [
                GOOD._replace(slot=source.randrange(400), flow_wh=source.randrange(3))
                for _ in range(source.randrange(1, 20))
            ]
            try:
                outcomes = await client.sign(batch, public_key)
            except SignerUnavailableError:
                return
            for statement, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, bytes):
                    got[(statement.slot, statement.flow_wh)] = outcome


async def test_kill_9_at_random_points_never_lets_two_values_of_a_slot_be_signed(signer: SignerProcess) -> None:
    source = random.Random(3)
    got: dict[tuple[int, int], bytes] = {}
    for round_ in range(6):
        signer.start()
        async with signer.client() as client:
            public_key = await client.public_key()
        kill = threading.Timer(source.uniform(0.0, 0.12), signer.kill)
        kill.start()
        await asyncio.gather(*(_ask_until_it_dies(signer, public_key, round_ * 3 + n, got) for n in range(3)))
        kill.join()
    slots = [slot for slot, _ in got]
    assert len(slots) > 20
    assert len(slots) == len(set(slots)), "one slot was signed with two flows"
    signer.start()
    async with signer.client() as client:
        statements = [GOOD._replace(slot=slot, flow_wh=flow_wh) for slot, flow_wh in got]
        assert await client.sign(statements, public_key) == list(got.values())


async def test_with_a_full_disk_it_signs_nothing_says_so_and_goes_on_when_there_is_space(
    signer: SignerProcess,
) -> None:
    signer.start()
    signer.limit_files(100_000)
    async with signer.client() as client:
        public_key = await client.public_key()
        with pytest.raises(SignerUnavailableError, match=r"FAILED_PRECONDITION.*can't be written.*disk"):
            await _fill(client, public_key)
        assert await _health(signer) == health_pb2.HealthCheckResponse.NOT_SERVING
        signer.limit_files()
        assert isinstance((await client.sign([GOOD], public_key))[0], bytes)
        assert await _health(signer) == health_pb2.HealthCheckResponse.SERVING
    code, errors = signer.stop()
    assert code == 0
    assert "CRITICAL" in errors


async def _fill(client: Signer, public_key: bytes) -> None:
    for slot in range(0, 20_000, 500):
        await client.sign([GOOD._replace(slot=slot + n) for n in range(500)], public_key)


async def _health(signer: SignerProcess) -> int:
    tls = signer.address().tls
    credentials = grpc.ssl_channel_credentials(
        tls.authority.read_bytes(), tls.key.read_bytes(), tls.certificate.read_bytes()
    )
    async with grpc.aio.secure_channel(signer.address().address, credentials) as channel:
        return await _check_health(channel)


async def _check_health(channel: grpc.aio.Channel) -> int:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    reply = await check(health_pb2.HealthCheckRequest(service=SERVICE_NAME), timeout=10)
    return int(reply.status)


async def test_a_client_that_is_not_on_the_list_gets_no_signature(signer: SignerProcess) -> None:
    signer.start()
    async with signer.client("stranger") as client:
        with pytest.raises(SignerRefusedError, match=r"PERMISSION_DENIED.*stranger.*allowed_clients"):
            await client.sign([GOOD], bytes(32))
        with pytest.raises(SignerRefusedError, match="PERMISSION_DENIED"):
            await client.public_key()


async def test_a_client_without_a_certificate_gets_no_connection(signer: SignerProcess) -> None:
    signer.start()
    address = signer.address()
    credentials = grpc.ssl_channel_credentials(address.tls.authority.read_bytes())
    async with grpc.aio.secure_channel(address.address, credentials) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _check_health(channel)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_too_many_statements_in_a_call_or_a_second_are_refused(tmp_path: Path) -> None:
    limits = {"statements_per_call": 10, "statements_per_s": 1, "burst_statements": 12}
    signer = SignerProcess(tmp_path, limits=limits)
    signer.initialise()
    signer.start()
    async with signer.client() as client:
        public_key = await client.public_key()
        with pytest.raises(SignerRefusedError, match=r"11 entries: send 1 to 10"):
            await client.sign([GOOD] * 11, public_key)
        with pytest.raises(SignerRefusedError, match=r"0 entries"):
            await client.sign([], public_key)
        assert len(await client.sign([GOOD] * 10, public_key)) == 10
        with pytest.raises(SignerUnavailableError, match=r"RESOURCE_EXHAUSTED.*wait \d"):
            await client.sign([GOOD] * 10, public_key)
    signer.stop()


async def test_sigterm_ends_it_cleanly_and_a_second_signer_on_the_record_is_refused(
    signer: SignerProcess,
) -> None:
    signer.start()
    second = signer.run()
    assert second.returncode == 2
    assert "another signing service holds it" in second.stderr
    code, _ = signer.stop()
    assert code == 0
    assert not (signer.folder / "signer.address").exists()


def test_a_wrong_passphrase_a_missing_record_and_a_second_init_are_refused(signer: SignerProcess) -> None:
    wrong = signer.run(passphrase="hunter2")
    assert (wrong.returncode, "passphrase" in wrong.stderr) == (2, True)
    assert "hunter2" not in wrong.stderr
    empty = signer.run(passphrase="")
    assert (empty.returncode, "set the variable" in empty.stderr) == (2, True)
    assert signer.run("--init").returncode == 2
    (signer.folder / "record.sqlite").unlink()
    missing = signer.run()
    assert (missing.returncode, "is missing" in missing.stderr) == (2, True)


def test_a_wrong_configuration_is_refused_whole(tmp_path: Path) -> None:
    signer = SignerProcess(tmp_path, listen="nowhere", allowed_clients=[], surplus=1, clock_tolerance_s=-1)
    refused = signer.run()
    assert refused.returncode == 2
    for field in ("listen = 'nowhere'", "allowed_clients", "surplus", "clock_tolerance_s"):
        assert field in refused.stderr
