"""Keys of the tests: one for each name, always the same."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from nacl.signing import SigningKey

from wire.address import address_of


@cache
def key_of(name: str) -> SigningKey:
    """The Ed25519 key that a name stands for."""
    return SigningKey(sha256(name.encode()).digest())


@cache
def public_key_of(name: str) -> bytes:
    """The name's public key (32 bytes)."""
    return bytes(key_of(name).verify_key)


@cache
def address(name: str) -> bytes:
    """The address of the account that was admitted with the name's key (20 bytes)."""
    return address_of(public_key_of(name))


def sign_with(name: str, data: bytes) -> bytes:
    """The name's signature over data (64 bytes)."""
    return key_of(name).sign(data).signature
