"""The two Ed25519 keys of a node, in CometBFT's own files (privval/file.go and p2p/key.go)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nacl.signing import SigningKey

from wire.go_json import to_base64

PUBLIC_KEY_TYPE: Final = "tendermint/PubKeyEd25519"
PRIVATE_KEY_TYPE: Final = "tendermint/PrivKeyEd25519"
ADDRESS_BYTES: Final = 20


@dataclass(frozen=True)
class Key:
    """An Ed25519 key pair; `seed` (32 bytes) is the secret and never shown."""

    public_key: bytes
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Key:
        """A fresh key from the system's randomness."""
        return cls.from_seed(bytes(SigningKey.generate()))

    @classmethod
    def from_seed(cls, seed: bytes) -> Key:
        """The key pair of a 32-byte seed."""
        return cls(bytes(SigningKey(seed).verify_key), seed)

    @property
    def address(self) -> bytes:
        """CometBFT names validators and, in hex, nodes by it."""
        return address_of(self.public_key)

    def private_json(self) -> dict[str, str]:
        """The private key as CometBFT's JSON: Go's Ed25519 keys are the seed followed by the public key."""
        return {"type": PRIVATE_KEY_TYPE, "value": to_base64(self.seed + self.public_key)}


def address_of(public_key: bytes) -> bytes:
    """The address of a public key (32 bytes): the first 20 bytes of its SHA-256 (crypto/ed25519)."""
    return hashlib.sha256(public_key).digest()[:ADDRESS_BYTES]


def public_key_json(public_key: bytes) -> dict[str, str]:
    """A public key as CometBFT's JSON."""
    return {"type": PUBLIC_KEY_TYPE, "value": to_base64(public_key)}


def validator_key_json(key: Key) -> dict[str, Any]:
    """The contents of priv_validator_key.json."""
    return {
        "address": key.address.hex().upper(),
        "pub_key": public_key_json(key.public_key),
        "priv_key": key.private_json(),
    }


def read_key(path: Path) -> Key:
    """The key in a priv_validator_key.json or node_key.json.

    Raises:
        ValueError: when the file holds no Ed25519 key, or not one that belongs together.
        OSError: when it cannot be read.
    """
    try:
        stored = json.loads(path.read_bytes())["priv_key"]
        if stored["type"] != PRIVATE_KEY_TYPE:
            raise ValueError(f"its type is {stored['type']}, not {PRIVATE_KEY_TYPE}")
        secret = base64.b64decode(stored["value"], validate=True)
        key = Key.from_seed(secret[:32])
        if secret[32:] != key.public_key:
            raise ValueError("its two halves do not belong together")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} holds no Ed25519 key as CometBFT writes it: {error}") from error
    return key
