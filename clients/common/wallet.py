"""Who signs: a key and the account that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from nacl.signing import SigningKey

from wire import keystore
from wire.address import address_of


class Wallet:
    """Signs for an account. The address outlives the key when the key is rotated."""

    def __init__(self, key: SigningKey, address: bytes | None = None) -> None:
        """`address` is the key's own by default."""
        self._key = key
        self.address = address_of(self.public_key) if address is None else address

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """A wallet from an Ed25519 seed (32 bytes), for tests and emulated homes."""
        return cls(SigningKey(seed))

    @classmethod
    def from_key_file(cls, path: Path, passphrase: str) -> Self:
        """A wallet from an encrypted key file.

        Raises:
            KeystoreError: it cannot be read, or the passphrase is wrong.
        """
        return cls(keystore.load(path, passphrase), keystore.read_public(path).address)

    @property
    def public_key(self) -> bytes:
        """The Ed25519 public key (32 bytes)."""
        return bytes(self._key.verify_key)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        return self._key.sign(message).signature

    def __repr__(self) -> str:
        return f"Wallet({self.address.hex()})"
