"""Ed25519 signatures. One library for all validators, libsodium through PyNaCl: others accept other edge cases."""

from __future__ import annotations

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError


def verified(public_key: bytes, signature: bytes, sign_bytes: bytes) -> bool:
    """Whether a signature over ``sign_bytes`` is the key's."""
    try:
        crypto_sign_open(signature + sign_bytes, public_key)
    except (BadSignatureError, ValueError):
        return False
    return True
