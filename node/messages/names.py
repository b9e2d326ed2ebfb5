"""Names for accounts and keys where messages have bytes; without a book of names, hexadecimal digits."""

from __future__ import annotations

from typing import Protocol

from wire.address import ADDRESS_BYTES, PUBLIC_KEY_BYTES
from wire.ledger import ISSUANCE, VALIDATOR_POOL, account_holder, reward_pool

_ACCOUNT, _POOL = b"a", b"p"
_VALIDATOR_POOL, _ISSUANCE, _REWARD_POOL = "validator_pool", "issuance", "reward_pool:"


class Names(Protocol):
    """A book of names."""

    def address(self, name: str) -> bytes | None:
        """The address that a name stands for, or None."""

    def public_key(self, name: str) -> bytes | None:
        """The public key that a name stands for, or None."""

    def name_of_address(self, address: bytes) -> str | None:
        """The name of an address, or None."""

    def name_of_key(self, public_key: bytes) -> str | None:
        """The name of a public key, or None."""


class NoNames:
    """The empty book: everything is written in hexadecimal."""

    def address(self, name: str) -> bytes | None:
        """Nobody is known by name."""
        del name
        return None

    public_key = address

    def name_of_address(self, address: bytes) -> str | None:
        """Nobody is known by name."""
        del address
        return None

    name_of_key = name_of_address


def read_address(text: str, names: Names) -> bytes:
    """An address from a name or 40 hexadecimal digits. Raises: ValueError with the way out."""
    return names.address(text) or _digits(text, ADDRESS_BYTES, "an account's name")


def read_public_key(text: str, names: Names) -> bytes:
    """A public key from a name or 64 hexadecimal digits. Raises: ValueError with the way out."""
    return names.public_key(text) or _digits(text, PUBLIC_KEY_BYTES, "a key's name")


def read_holder(text: str, names: Names) -> bytes:
    """A holder of money: an account as for ``read_address``, ``reward_pool:<vdg>``, ``validator_pool``, ``issuance``.

    Raises: ValueError with the way out.
    """
    if text == _VALIDATOR_POOL:
        return VALIDATOR_POOL
    if text == _ISSUANCE:
        return ISSUANCE
    if text.startswith(_REWARD_POOL):
        return reward_pool(text.removeprefix(_REWARD_POOL))
    known = names.address(text)
    others = f"an account's name, {_VALIDATOR_POOL}, {_ISSUANCE}, {_REWARD_POOL}<vdg>"
    return account_holder(known or _digits(text, ADDRESS_BYTES, others))


def read_hexadecimal(text: str) -> bytes:
    """Bytes from hexadecimal digits. Raises: ValueError with the way out."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("give hexadecimal digits, two a byte") from None


def _digits(text: str, size: int, otherwise: str) -> bytes:
    way_out = f"give {otherwise} or {2 * size} hexadecimal digits"
    try:
        value = bytes.fromhex(text)
    except ValueError:
        raise ValueError(way_out) from None
    if len(value) != size:
        raise ValueError(way_out)
    return value


def show_address(address: bytes, names: Names) -> str:
    """An address as name, or in hexadecimal."""
    return names.name_of_address(address) or address.hex()


def show_public_key(public_key: bytes, names: Names) -> str:
    """A public key as name, or in hexadecimal."""
    return names.name_of_key(public_key) or public_key.hex()


def show_holder(holder: bytes, names: Names) -> str:
    """A holder as ``read_holder`` takes it."""
    if holder == VALIDATOR_POOL:
        return _VALIDATOR_POOL
    if holder == ISSUANCE:
        return _ISSUANCE
    if holder[:1] == _POOL:
        return _REWARD_POOL + holder[1:].decode(errors="replace")
    if holder[:1] == _ACCOUNT:
        return show_address(holder[1:], names)
    return holder.hex()
