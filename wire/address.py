"""Accounts' addresses: the first 20 bytes of SHA-256 of the key with which the account was admitted."""

from __future__ import annotations

import hashlib
import re

ADDRESS_BYTES = 20
PUBLIC_KEY_BYTES = 32
_HEX = re.compile("[0-9a-fA-F]*")


def address_of(public_key: bytes) -> bytes:
    """The address of an Ed25519 public key (32 bytes). It stays when the key is rotated."""
    return hashlib.sha256(public_key).digest()[:ADDRESS_BYTES]


def parse_address(text: str) -> bytes:
    """Read an address from 40 hexadecimal digits.

    Raises: ValueError naming what is wrong.
    """
    if not is_hex(text, ADDRESS_BYTES):
        raise ValueError(f"address {text!r} ({len(text)} characters): give 40 digits 0-9 a-f and nothing else")
    return bytes.fromhex(text)


def is_hex(text: str, size: int) -> bool:
    """Whether a text is nothing but the hexadecimal digits of ``size`` bytes (``bytes.fromhex`` skips blanks)."""
    return len(text) == 2 * size and _HEX.fullmatch(text) is not None
