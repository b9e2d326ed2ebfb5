"""The options with which commands reach a chain: the gateway, keys and how long to wait."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import grpc
import typer

from clients.common.chain import Chain
from clients.common.channel import Tls, open_channel
from clients.common.errors import Unavailable
from clients.common.wallet import Wallet
from node.cli.exits import CommandError, Exit
from node.cli.keys import locate
from wire.address import parse_address
from wire.keystore import read_public
from wire.passphrase import find_passphrase

T = TypeVar("T")

TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Give up after so many seconds.")
]
KeysOption = Annotated[Path | None, typer.Option("--keys", envvar="VDG_KEYS", help="The folder of keys given by name.")]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class GatewayOptions(NamedTuple):
    """Where the gateway is, and how to talk to it in secret."""

    gateway: Annotated[
        str, typer.Option("--gateway", envvar="VDG_GATEWAY", metavar="HOST:PORT", help="The gateway's address.")
    ] = "127.0.0.1:7443"
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", envvar="VDG_TLS_CA", help="The authority of the gateway's certificate.")
    ] = None
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", envvar="VDG_TLS_CERTIFICATE", help="Ours, for mutual TLS.")
    ] = None
    tls_key: Annotated[Path | None, typer.Option("--tls-key", envvar="VDG_TLS_KEY", help="The key of ours.")] = None

    @property
    def tls(self) -> Tls | None:
        """None for a plain connection."""
        given = self.tls_ca or self.tls_certificate or self.tls_key
        return Tls(self.tls_ca, self.tls_certificate, self.tls_key) if given else None

    def channel(self) -> grpc.aio.Channel:
        """A channel of one's own, beside that of ``run``."""
        return open_channel(self.gateway, self.tls)

    def run(self, timeout_seconds: float, work: Callable[[Chain], Coroutine[Any, Any, T]]) -> T:
        """Connect, do the work, and disconnect. Raises: Unavailable, and what the work raises."""

        async def main() -> T:
            async with connected(self.gateway, self.tls, timeout_seconds) as chain:
                return await work(chain)

        return asyncio.run(main())


class KeyFolder:
    """Names of accounts and keys: the files in the keys folder, as `vdg keys` has them."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def _path(self, name: str) -> Path | None:
        path = locate(name, self._folder) if _NAME.fullmatch(name) else None
        return path if path is not None and path.is_file() else None

    def address(self, name: str) -> bytes | None:
        """The address in the key file of this name, or None when there is no such file."""
        path = self._path(name)
        return read_public(path).address if path else None

    def public_key(self, name: str) -> bytes | None:
        """The public key in the key file of this name, or None when there is no such file."""
        path = self._path(name)
        return read_public(path).public_key if path else None

    def name_of_address(self, address: bytes) -> str | None:
        """Addresses are shown as they are: a file's name is its owner's affair."""
        del address
        return None

    name_of_key = name_of_address


def open_wallet(key: str, keys: Path | None, passphrase_file: Path | None, sender: str | None) -> Wallet:
    """The wallet of a key file, for the key's own account or for ``sender`` (an address or the name of a key).

    Raises: CommandError, KeystoreError.
    """
    path = locate(key, keys)
    passphrase = find_passphrase(passphrase_file)
    if passphrase is None:
        if not sys.stdin.isatty():
            message = f"no passphrase for {path}: set VDG_PASSPHRASE, or give --passphrase-file"
            raise CommandError(message, Exit.BAD_INPUT)
        passphrase = typer.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    wallet = Wallet.from_key_file(path, passphrase)
    if sender is not None:
        try:
            wallet.address = KeyFolder(keys).address(sender) or parse_address(sender)
        except ValueError as error:
            raise CommandError(f"--sender: {error}", Exit.BAD_INPUT) from None
    return wallet


@asynccontextmanager
async def connected(gateway: str, tls: Tls | None, timeout_seconds: float) -> AsyncIterator[Chain]:
    """The chain behind a gateway. Raises: Unavailable when it does not answer in time."""
    try:
        async with asyncio.timeout(timeout_seconds):
            chain = await Chain.open(gateway, tls=tls)
    except TimeoutError:
        message = f"the gateway {gateway} did not answer within {timeout_seconds:g} s: does it run there?"
        raise Unavailable(message) from None
    async with chain:
        yield chain
