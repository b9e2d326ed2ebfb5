"""A home's wallet, from an encrypted key file or from a plain seed."""

from __future__ import annotations

import stat
from pathlib import Path

from clients.common.configuration import ConfigurationError
from clients.common.wallet import Wallet
from clients.household.configuration import HomeSection
from wire.keystore import KeystoreError, read_public
from wire.passphrase import VARIABLE, find_passphrase

_SEED_DIGITS = 64


def wallet_of(home: HomeSection) -> Wallet:
    """Open a home's key.

    Raises: ConfigurationError saying which file is wrong and why; never a part of a secret.
    """
    where = f"homes.{home.id}"
    if home.seed_file is not None:
        return Wallet.from_seed(_read_seed(home.seed_file, where))
    if home.keystore is None:
        raise ConfigurationError(f"{where}: give either keystore or seed_file")
    try:
        passphrase = find_passphrase(home.passphrase_file)
        if passphrase is None:
            raise ConfigurationError(f"{where}: no passphrase; give passphrase_file or set {VARIABLE}")
        return Wallet.from_key_file(home.keystore, passphrase)
    except KeystoreError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def address_of_home(home: HomeSection) -> bytes:
    """The account of a home, without opening an encrypted key. Raises: ConfigurationError."""
    if home.keystore is None:
        return wallet_of(home).address
    try:
        return read_public(home.keystore).address
    except KeystoreError as error:
        raise ConfigurationError(f"homes.{home.id}: {error}") from error


def _read_seed(path: Path, where: str) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where}.seed_file = {path}: can't be read ({type(error).__name__})") from error
    if mode & 0o077:
        raise ConfigurationError(f"{where}.seed_file = {path}: others may read it (mode {mode:o}); run chmod 600 on it")
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(text) != _SEED_DIGITS or len(seed) * 2 != _SEED_DIGITS:
        raise ConfigurationError(f"{where}.seed_file = {path}: is not {_SEED_DIGITS} hexadecimal digits")
    return seed
