"""Who takes part in a run, each with a fresh key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from nacl.signing import SigningKey

from emulator.homes import Home
from wire.address import address_of


@dataclass(frozen=True)
class Actor:
    """An account of the run. The seed is the private key: it is written to files of this user only."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def fresh(cls, name: str) -> Actor:
        """An actor with a new random key."""
        return cls(name, os.urandom(32))

    @property
    def public_key(self) -> bytes:
        """Its Ed25519 public key."""
        return bytes(SigningKey(self.seed).verify_key)

    @property
    def address(self) -> bytes:
        """Its account's address."""
        return address_of(self.public_key)

    def write_seed(self, file: Path) -> None:
        """Write the seed as hexadecimal digits into a file that only this user can read."""
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(self.seed.hex() + "\n")


@dataclass(frozen=True)
class Cast:
    """All accounts of a run. ``proof_key`` is no account: it is the key in the DSO's signing service."""

    registrar: Actor
    issuer: Actor
    dso: Actor
    supplier: Actor
    proof_key: Actor
    operators: tuple[Actor, ...]
    households: tuple[tuple[Home, Actor], ...]
    controller: Actor
    """The account of the phase switches' controller, where there are switches."""

    @classmethod
    def fresh(cls, homes: list[Home], validators: int) -> Cast:
        """New keys for everybody."""
        return cls(
            Actor.fresh("registrar"),
            Actor.fresh("issuer"),
            Actor.fresh("dso"),
            Actor.fresh("supplier"),
            Actor.fresh("proof-key"),
            tuple(Actor.fresh(f"operator{number}") for number in range(validators)),
            tuple((home, Actor.fresh(home.id)) for home in homes),
            Actor.fresh("controller"),
        )

    @property
    def accounts(self) -> tuple[tuple[Home, bytes], ...]:
        """The homes and the addresses of their accounts, which is what an observer may know."""
        return tuple((home, actor.address) for home, actor in self.households)

    def home_of(self, address: bytes) -> str:
        """The id of the home whose account this is, or the address."""
        for home, actor in self.households:
            if actor.address == address:
                return home.id
        return address.hex()
