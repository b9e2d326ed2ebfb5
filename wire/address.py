"""Accounts' addresses: the first 20 bytes of SHA-256 of the key with which the account was admitted."""

from __future__ import annotations

import hashlib

ADDRESS_BYTES = 20
PUBLIC_KEY_BYTES = 32


def address_of(public_key: bytes) -> bytes:
    """The address of an Ed25519 public key (32 bytes). It stays when the key is rotated."""
    return hashlib.sha256(public_key).digest()[:ADDRESS_BYTES]


def parse_address(text: str) -> bytes:
    """Read an address from 40 hexadecimal digits.

    Raises: ValueError naming what is wrong.
    """
    try:
        address = bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"address {text!r} is not hexadecimal: give 40 digits 0-9 a-f") from None
    if len(address) != ADDRESS_BYTES:
        raise ValueError(f"address {text!r} has {len(text)} digits: give 40")
    return address
