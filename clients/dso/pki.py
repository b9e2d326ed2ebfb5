"""A small certificate authority for development and trials: one CA, server and client certificates.

Not for a real deployment: the CA's key lies beside the certificates.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID_DAYS = 825
_BACKDATED_HOURS = 1  # so that a peer whose clock is a little behind takes a fresh certificate


class PkiError(Exception):
    """The certificates can't be made; the text names the field and the way out."""


class _Issued(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_pki(folder: Path, server_names: Sequence[str], client_names: Sequence[str]) -> list[Path]:
    """Write ``ca``, ``server`` and one pair per client, each as ``NAME.crt`` and ``NAME.key`` (PEM, mode 0600).

    Args:
        folder: made when it is missing.
        server_names: host names and IP addresses under which the server is reached.
        client_names: common names of the clients, as in the signer's ``allowed_clients``.

    Returns the files written. Raises: PkiError when a name can't be used or a file is there already.
    """
    if not server_names:
        raise PkiError("server names: none given; name the hosts under which clients reach the server")
    for name in client_names:
        if not name.replace("-", "").replace("_", "").isalnum() or name in ("ca", "server"):
            raise PkiError(f"client name {name!r}: use letters, digits, - and _ (it names files too), not ca or server")
    names = ["ca", "server", *client_names]
    paths = [folder / f"{name}.{kind}" for name in names for kind in ("crt", "key")]
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise PkiError(f"{', '.join(there)} exist: certificates are not replaced; remove them or name another folder")
    authority = _authority()
    issued = [authority, _server(authority, server_names)] + [_client(authority, name) for name in client_names]
    folder.mkdir(parents=True, exist_ok=True)
    for name, pair in zip(names, issued, strict=True):
        _write(folder, name, pair)
    return paths


def _authority() -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("vdg development authority")
    usage = _key_usage(signs_certificates=True)
    builder = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return _Issued(builder.sign(key, hashes.SHA256()), key)


def _server(authority: _Issued, names: Sequence[str]) -> _Issued:
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    return _leaf(authority, names[0], ExtendedKeyUsageOID.SERVER_AUTH, alternatives)


def _client(authority: _Issued, name: str) -> _Issued:
    return _leaf(authority, name, ExtendedKeyUsageOID.CLIENT_AUTH, None)


def _leaf(
    authority: _Issued, name: str, purpose: x509.ObjectIdentifier, alternatives: x509.SubjectAlternativeName | None
) -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(_name(name), authority.certificate.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(issuer, critical=False)
    )
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return _Issued(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=_BACKDATED_HOURS))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    except ValueError as error:
        raise PkiError(f"name {common_name!r}: {error}; give 1 to 64 characters") from error


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass  # not an IP address: then a host name
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise PkiError(f"server name {name!r}: {error}; give a host name in ASCII or an IP address") from error


def _write(folder: Path, name: str, issued: _Issued) -> None:
    key = issued.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    (folder / f"{name}.crt").write_bytes(issued.certificate.public_bytes(serialization.Encoding.PEM))
