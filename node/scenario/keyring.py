"""Keys and addresses that follow from names. They are for scenarios only: whoever knows the name has the key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from nacl.signing import SigningKey

from wire.address import address_of

# An address or a public key.
_DIGITS = re.compile(r"\b(?:[0-9a-f]{40}|[0-9a-f]{64})\b")
_DOMAIN = b"vdg scenario key, not for real use: "


def key_of(name: str) -> SigningKey:
    """The Ed25519 key whose seed is SHA-256 of a domain tag and the name."""
    return SigningKey(hashlib.sha256(_DOMAIN + name.encode()).digest())


class Keyring:
    """The names of a scenario: ``accounts`` have an address and a key, ``keys`` a key alone."""

    def __init__(self, accounts: Iterable[str], keys: Iterable[str]) -> None:
        self._keys: dict[str, SigningKey] = {}
        self._public: dict[str, bytes] = {}
        self._addresses: dict[str, bytes] = {}
        for name in keys:
            self._add_key(name)
        for name in accounts:
            self._addresses[name] = address_of(self._add_key(name))
        self._key_names = {public: name for name, public in self._public.items()}
        self._account_names = {address: name for name, address in self._addresses.items()}

    def _add_key(self, name: str) -> bytes:
        key = key_of(name)
        self._keys[name], self._public[name] = key, bytes(key.verify_key)
        return self._public[name]

    @property
    def key_names(self) -> list[str]:
        """The names of all keys, those of accounts included."""
        return list(self._keys)

    @property
    def account_names(self) -> list[str]:
        """The names of all accounts."""
        return list(self._addresses)

    def signing_key(self, name: str) -> SigningKey:
        """The key of a name. Raises: KeyError for one that is not in the ring."""
        return self._keys[name]

    def address(self, name: str) -> bytes | None:
        """The address that a name stands for, or None."""
        return self._addresses.get(name)

    def public_key(self, name: str) -> bytes | None:
        """The public key that a name stands for, or None."""
        return self._public.get(name)

    def name_of_address(self, address: bytes) -> str | None:
        """The name of an address, or None."""
        return self._account_names.get(address)

    def named(self, text: str) -> str:
        """A text with names in place of the addresses and keys that it has in hexadecimal."""
        return _DIGITS.sub(lambda found: self._name_of(bytes.fromhex(found[0])) or found[0], text)

    def _name_of(self, value: bytes) -> str | None:
        return self._account_names.get(value) or self._key_names.get(value)

    def name_of_key(self, public_key: bytes) -> str | None:
        """The name of a public key, or None."""
        return self._key_names.get(public_key)
