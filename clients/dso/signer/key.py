"""The proof key, from its encrypted keystore."""

from __future__ import annotations

from nacl.signing import SigningKey

from clients.dso.passphrase import read_passphrase
from clients.dso.signer.configuration import SignerConfiguration
from wire.keystore import create, load


def create_key(configuration: SignerConfiguration) -> SigningKey:
    """Make the keystore with a fresh key. Raises: KeystoreError, ConfigurationError (no passphrase)."""
    passphrase = read_passphrase(configuration.passphrase)
    create(configuration.keystore, passphrase)
    return load(configuration.keystore, passphrase)


def load_key(configuration: SignerConfiguration) -> SigningKey:
    """Open the keystore. Raises: KeystoreError, ConfigurationError (no passphrase)."""
    return load(configuration.keystore, read_passphrase(configuration.passphrase))
