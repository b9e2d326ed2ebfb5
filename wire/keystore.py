"""A signing key in an encrypted file.

The file is JSON. Its passphrase becomes a key by Argon2id (RFC 9106; default: the second recommended setting), which
encrypts the 32-byte Ed25519 seed by ChaCha20-Poly1305 (RFC 8439). Everything else in the file is authenticated with it,
so that no byte can be changed without notice, and can be read without the passphrase.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl.signing import SigningKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wire.address import ADDRESS_BYTES, PUBLIC_KEY_BYTES, address_of
from wire.strict_json import BadJson, read_json

VERSION: Final = 1
KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
SEALED_SEED_BYTES: Final = 32 + 16
# A file that asks for more is not worth the wait; it may have been made to stop us.
MAX_MEMORY_KIB: Final = 1024 * 1024
MAX_ITERATIONS: Final = 64
MAX_LANES: Final = 64


class KeystoreError(Exception):
    """A key file cannot be made or used; the message says why and what to do, and holds no secret."""


class WrongPassphraseError(KeystoreError):
    """The passphrase does not open the file (or the file was changed: the two cannot be told apart)."""


def hexadecimal(size: int) -> Any:
    """A field of `size` bytes in lower-case hexadecimal."""
    return Field(pattern=rf"^[0-9a-f]{{{2 * size}}}$")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Kdf(_Strict):
    """How the passphrase becomes a key; memory in KiB."""

    name: Literal["argon2id"] = "argon2id"
    iterations: Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] = 3
    lanes: Annotated[int, Field(ge=1, le=MAX_LANES)] = 4
    memory_kib: Annotated[int, Field(ge=8, le=MAX_MEMORY_KIB)] = 64 * 1024


class KeyFile(_Strict):
    """The contents of a key file. `address` is the account's, which outlives a rotation of its key."""

    version: Literal[1] = VERSION
    address: Annotated[str, hexadecimal(ADDRESS_BYTES)]
    public_key: Annotated[str, hexadecimal(PUBLIC_KEY_BYTES)]
    kdf: Kdf
    salt: Annotated[str, hexadecimal(SALT_BYTES)]
    cipher: Literal["chacha20-poly1305"] = "chacha20-poly1305"
    nonce: Annotated[str, hexadecimal(NONCE_BYTES)]
    sealed_seed: Annotated[str, hexadecimal(SEALED_SEED_BYTES)]

    def authenticated(self) -> bytes:
        """What the encryption authenticates besides the seed: all else, in one fixed writing."""
        rest = self.model_dump(exclude={"sealed_seed"})
        return json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()

    def cipher_of(self, passphrase: str) -> ChaCha20Poly1305:
        """The cipher for a passphrase; slow on purpose."""
        kdf = Argon2id(
            salt=bytes.fromhex(self.salt),
            length=KEY_BYTES,
            iterations=self.kdf.iterations,
            lanes=self.kdf.lanes,
            memory_cost=self.kdf.memory_kib,
        )
        return ChaCha20Poly1305(kdf.derive(passphrase.encode()))

    def sealed(self, passphrase: str, seed: bytes) -> KeyFile:
        """This file with `seed` encrypted in it."""
        nonce = bytes.fromhex(self.nonce)
        sealed = self.cipher_of(passphrase).encrypt(nonce, seed, self.authenticated())
        return self.model_copy(update={"sealed_seed": sealed.hex()})

    def unsealed(self, passphrase: str) -> bytes:
        """The seed; raises InvalidTag for another passphrase, or when any field has been changed."""
        nonce = bytes.fromhex(self.nonce)
        return self.cipher_of(passphrase).decrypt(nonce, bytes.fromhex(self.sealed_seed), self.authenticated())


@dataclass(frozen=True)
class PublicPart:
    """What a key file tells without its passphrase."""

    path: Path
    address: bytes
    public_key: bytes


def create(
    path: Path,
    passphrase: str,
    *,
    seed: bytes | None = None,
    address: bytes | None = None,
    kdf: Kdf | None = None,
) -> PublicPart:
    """Write a new key file, readable by its owner alone, in one step and never over another file.

    Args:
        path: where; its folder is made if need be.
        passphrase: must not be empty.
        seed: an Ed25519 seed (32 bytes) to store; a fresh one by default.
        address: the account's address when this key replaces an older one; the key's own by default.
        kdf: weaker or stronger than the default.

    Raises:
        KeystoreError: the file exists, the passphrase is empty, or the file cannot be written.
    """
    if not passphrase:
        raise KeystoreError(f"the passphrase for {path} is empty: give one")
    signing_key = SigningKey(seed) if seed is not None else SigningKey.generate()
    public_key = bytes(signing_key.verify_key)
    address = address_of(public_key) if address is None else address
    blank = KeyFile(
        address=address.hex(),
        public_key=public_key.hex(),
        kdf=kdf or Kdf(),
        salt=secrets.token_hex(SALT_BYTES),
        nonce=secrets.token_hex(NONCE_BYTES),
        sealed_seed="00" * SEALED_SEED_BYTES,
    )
    content = blank.sealed(passphrase, bytes(signing_key))
    write_new(path, content.model_dump_json(indent=2).encode() + b"\n")
    return PublicPart(path, address, public_key)


def load(path: Path, passphrase: str) -> SigningKey:
    """The signing key in a file.

    Raises:
        WrongPassphraseError: the passphrase does not open it.
        KeystoreError: there is no such file, or it is no key file.
    """
    content = read(path)
    try:
        seed = content.unsealed(passphrase)
    except InvalidTag as error:
        raise WrongPassphraseError(
            f"the passphrase does not open {path}: try again, or restore the file if it was changed"
        ) from error
    key = SigningKey(seed)
    if bytes(key.verify_key).hex() != content.public_key:
        raise KeystoreError(f"{path} holds another key than it names: restore it from a copy")
    return key


def read_public(path: Path) -> PublicPart:
    """What a key file tells without its passphrase. Only `load` proves that nobody changed it.

    Raises:
        KeystoreError: there is no such file, or it is no key file.
    """
    content = read(path)
    return PublicPart(path, bytes.fromhex(content.address), bytes.fromhex(content.public_key))


def read(path: Path) -> KeyFile:
    """The contents of a key file.

    Raises:
        KeystoreError: naming every field that is wrong.
    """
    try:
        data = path.read_bytes()
        content = KeyFile.model_validate_json(data)
        read_json(data)
    except FileNotFoundError as error:
        raise KeystoreError(f"there is no key file {path}: `vdg keys new` makes one") from error
    except OSError as error:
        raise KeystoreError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise KeystoreError(f"{path} is no key file of version {VERSION}: {wrong}") from error
    except BadJson as error:
        raise KeystoreError(f"{path} {error}") from error
    return content


def write_new(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is complete as soon as it has its name.

    Raises:
        KeystoreError: it exists already, or cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link never replaces a key that is there.
            os.link(draft, path)
        finally:
            draft.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError as error:
        raise KeystoreError(f"{path} exists already: choose another name") from error
    except OSError as error:
        raise KeystoreError(f"{path} cannot be written: {error.strerror}") from error
