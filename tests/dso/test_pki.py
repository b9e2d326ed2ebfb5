"""Certificates for development: they form a chain, say what they are for, and are never written over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from clients.dso.pki import PkiError, make_pki


def certificate(path: Path) -> x509.Certificate:
    """A certificate from a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_server_and_clients_verify_against_the_authority(tmp_path: Path) -> None:
    paths = make_pki(tmp_path / "pki", ["localhost", "127.0.0.1"], ["dso", "spare_2"])
    assert [path.name for path in paths] == [
        f"{name}.{kind}" for name in ("ca", "server", "dso", "spare_2") for kind in ("crt", "key")
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.suffix == ".key"} == {0o600}
    policy = PolicyBuilder().store(Store([certificate(tmp_path / "pki/ca.crt")]))
    policy.build_server_verifier(x509.DNSName("localhost")).verify(certificate(tmp_path / "pki/server.crt"), [])
    with pytest.raises(x509.verification.VerificationError):
        policy.build_server_verifier(x509.DNSName("elsewhere")).verify(certificate(tmp_path / "pki/server.crt"), [])
    name = certificate(tmp_path / "pki/dso.crt").subject.rfc4514_string()
    assert name == "CN=dso"
    usage = certificate(tmp_path / "pki/dso.crt").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize(
    ("servers", "clients", "message"),
    [
        ([], ["dso"], "server names: none given"),
        (["localhost"], ["../dso"], "client name '../dso'"),
        (["localhost"], ["server"], "client name 'server'"),
        (["höst"], ["dso"], "server name 'höst'"),
        (["x" * 65], ["dso"], "1 to 64 characters"),
    ],
)
def test_a_name_that_can_not_be_used_is_refused_and_writes_nothing(
    tmp_path: Path, servers: list[str], clients: list[str], message: str
) -> None:
    with pytest.raises(PkiError, match=message):
        make_pki(tmp_path / "pki", servers, clients)
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_are_not_replaced(tmp_path: Path) -> None:
    make_pki(tmp_path, ["localhost"], ["dso"])
    before = (tmp_path / "dso.key").read_bytes()
    with pytest.raises(PkiError, match=r"dso\.key exist"):
        make_pki(tmp_path, ["localhost"], ["dso"])
    assert (tmp_path / "dso.key").read_bytes() == before
