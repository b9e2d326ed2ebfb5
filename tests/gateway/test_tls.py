"""TLS and mutual TLS."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from clients.common.channel import Tls, open_channel
from clients.common.errors import ChainError
from clients.dso.pki import make_pki
from tests.gateway.chain_host import ChainHost
from tests.gateway.serving import Client, gateway
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

pytestmark = pytest.mark.network


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    make_pki(tmp_path / "pki", ["127.0.0.1"], ["household"])
    return tmp_path / "pki"


@pytest.fixture
def foreign_pki(tmp_path: Path) -> Path:
    make_pki(tmp_path / "foreign", ["127.0.0.1"], ["household"])
    return tmp_path / "foreign"


def server_tls(pki: Path, *, mutual: bool) -> dict[str, str]:
    settings = {"certificate": str(pki / "server.crt"), "key": str(pki / "server.key")}
    return settings | ({"client_ca": str(pki / "ca.crt")} if mutual else {})


async def height(address: str, tls: Tls | None) -> int:
    async with open_channel(address, tls) as channel:
        return (await Client(channel).status()).height


async def is_refused(address: str, tls: Tls | None) -> bool:
    async with open_channel(address, tls) as channel:
        try:
            await Client(channel).node.Status(pb.StatusRequest(), timeout=3)
        except grpc.aio.AioRpcError as error:
            return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    return False


async def test_tls_serves_those_who_trust_its_authority_and_nobody_in_the_clear(
    chain: ChainHost, pki: Path, foreign_pki: Path
) -> None:
    async with gateway(chain.url, tls=server_tls(pki, mutual=False)) as (_, address):
        assert await height(address, Tls(ca=pki / "ca.crt")) > 0
        assert await is_refused(address, Tls(ca=foreign_pki / "ca.crt"))
        assert await is_refused(address, None)


async def test_mutual_tls_serves_only_clients_with_a_certificate_of_its_authority(
    chain: ChainHost, pki: Path, foreign_pki: Path
) -> None:
    async with gateway(chain.url, tls=server_tls(pki, mutual=True)) as (_, address):
        own = Tls(pki / "ca.crt", pki / "household.crt", pki / "household.key")
        assert await height(address, own) > 0
        assert await is_refused(address, Tls(ca=pki / "ca.crt"))
        foreign = Tls(pki / "ca.crt", foreign_pki / "household.crt", foreign_pki / "household.key")
        assert await is_refused(address, foreign)


async def test_the_name_in_a_clients_certificate_is_who_limits_count_for(chain: ChainHost, pki: Path) -> None:
    limits = {"calls_per_second": 0.001, "burst": 1}
    async with gateway(chain.url, tls=server_tls(pki, mutual=True), limits=limits) as (_, address):
        own = Tls(pki / "ca.crt", pki / "household.crt", pki / "household.key")
        assert await height(address, own) > 0
        with pytest.raises(grpc.aio.AioRpcError, match="calls a second from household"):
            await height(address, own)


def test_half_a_pair_or_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ChainError, match="give certificate and key, or neither"):
        open_channel("127.0.0.1:1", Tls(certificate=tmp_path / "c.crt"))
    with pytest.raises(ChainError, match=r"missing\.crt cannot be read"):
        open_channel("127.0.0.1:1", Tls(ca=tmp_path / "missing.crt"))
