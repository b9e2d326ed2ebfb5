"""What a localnet consists of, as kept in its localnet.json."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from node.localnet.errors import LocalnetError, NotRunningError
from node.localnet.ports import LOOPBACK
from node.toolchain import COMETBFT_VERSION

FILE: Final = "localnet.json"
# Relative to the validator's folder, in which both sides run: an absolute path may exceed a socket's ~107 bytes.
SOCKET: Final = "app.sock"


class Model(BaseModel):
    """Settings of every model kept in a file: immutable, and no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Application(Model):
    """The ABCI application of every validator: a command, or one that is built into CometBFT.

    In `command`, {home} stands for the validator's folder, in which it is run, and {python} for this interpreter.
    It must listen on the unix socket `app.sock` in that folder.
    """

    command: tuple[str, ...] = ()
    built_in: str = ""

    @classmethod
    def of_command(cls, *command: str) -> Self:
        """An application that is a process of its own."""
        return cls(command=command)

    @classmethod
    def of_cometbft(cls, name: str) -> Self:
        """An application built into CometBFT, such as "kvstore" or "persistent_kvstore"."""
        return cls(built_in=name)

    @property
    def proxy_app(self) -> str:
        """The application's address, as CometBFT's settings want it."""
        return self.built_in or f"unix://{SOCKET}"


VDG: Final = Application.of_command(
    *("{python}", "-m", "node.validator", "--home", "{home}", "--address", f"unix://{SOCKET}")
)


class ValidatorPlan(Model):
    """A validator: its name is its folder's; `power` is its voting power from the first block on.

    `host` is where its ports are reached; `prefix` goes before the command of its CometBFT, as one that enters a
    network namespace.
    """

    name: str
    host: str = LOOPBACK
    prefix: tuple[str, ...] = ()
    rpc_port: int
    p2p_port: int
    node_id: str
    address: str
    public_key: str
    power: int

    @property
    def rpc_url(self) -> str:
        """Where its CometBFT answers."""
        return f"http://{self.host}:{self.rpc_port}"


class Service(Model):
    """A process beside the validators, started once the chain runs.

    In `command` and `environment`, {home} stands for the localnet's folder, in which it is run, {python} for this
    interpreter, {rpc0}, {rpc1} and so on for the validators' RPC addresses.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = {}


class Plan(Model):
    """All that stays the same from start to start; `up_seconds` is how long a start may take."""

    chain_id: str
    cometbft_version: str = COMETBFT_VERSION
    application: Application
    validators: tuple[ValidatorPlan, ...]
    services: tuple[Service, ...] = ()
    up_seconds: float = 90.0

    def save(self, home: Path) -> None:
        """Write localnet.json in one step."""
        write_atomically(home / FILE, self.model_dump_json(indent=2))

    @classmethod
    def load(cls, home: Path) -> Plan:
        """Read localnet.json.

        Raises:
            LocalnetError: when there is none, or it is broken.
        """
        file = home / FILE
        try:
            return cls.model_validate_json(file.read_bytes())
        except FileNotFoundError as error:
            raise NotRunningError(f"there is no localnet in {home}: `vdg localnet up` makes one") from error
        except (OSError, ValidationError) as error:
            raise LocalnetError(f"{file} cannot be used: {error}") from error


def fill_in(text: str, values: dict[str, str]) -> str:
    """`text` with each {name} replaced; other braces stay as they are."""
    for name, value in ({"python": sys.executable} | values).items():
        text = text.replace(f"{{{name}}}", value)
    return text


def write_atomically(file: Path, content: str) -> None:
    """Write a file so that readers see the old or the new one, never a part."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(content, encoding="utf-8")
    draft.replace(file)
