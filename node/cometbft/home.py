"""The home folder of one CometBFT node."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from node.cometbft.node_keys import Key, read_key, validator_key_json
from node.cometbft.settings import Settings, Wiring, render_toml
from wire.go_json import Json

CONFIG: Final = Path("config/config.toml")
GENESIS: Final = Path("config/genesis.json")
NODE_KEY: Final = Path("config/node_key.json")
VALIDATOR_KEY: Final = Path("config/priv_validator_key.json")
# What the validator signed last. Losing it could make the validator sign twice.
SIGN_STATE: Final = Path("data/priv_validator_state.json")


class HomeError(Exception):
    """A home folder cannot be made or used; the message says why and what to do."""


@dataclass(frozen=True)
class Home:
    """A node's folder with its two keys: `config/` and `data/` are CometBFT's, anything else is left alone."""

    path: Path
    validator_key: Key
    node_key: Key

    @classmethod
    def create(cls, path: Path) -> Home:
        """Make a home with fresh keys.

        Raises:
            HomeError: when there is a validator's key or sign state already: they are never overwritten.
        """
        for existing in (VALIDATOR_KEY, SIGN_STATE):
            if (path / existing).exists():
                raise HomeError(f"{path / existing} exists: choose another folder, or move that validator away first")
        home = cls(path, Key.generate(), Key.generate())
        for folder in ("config", "data"):
            (path / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(path / VALIDATOR_KEY, validator_key_json(home.validator_key))
        write_secret(path / NODE_KEY, {"priv_key": home.node_key.private_json()})
        write_secret(path / SIGN_STATE, {"height": "0", "round": 0, "step": 0})
        return home

    @classmethod
    def open(cls, path: Path) -> Home:
        """Read a home that was made before.

        Raises:
            HomeError: when a key is missing or broken.
        """
        try:
            return cls(path, read_key(path / VALIDATOR_KEY), read_key(path / NODE_KEY))
        except (OSError, ValueError) as error:
            raise HomeError(f"{path} is no home of a validator: {error}") from error

    @property
    def node_id(self) -> str:
        """How peers name this node."""
        return self.node_key.address.hex()

    def write_config(self, settings: Settings, wiring: Wiring) -> None:
        """Write config.toml, over the one that may be there."""
        write_synced(self.path / CONFIG, render_toml(settings.sections(wiring)))

    def write_genesis(self, genesis: Json) -> None:
        """Write genesis.json, over the one that may be there."""
        write_synced(self.path / GENESIS, json.dumps(genesis, indent=1, ensure_ascii=False))

    @property
    def has_genesis(self) -> bool:
        """Whether the genesis document has been written."""
        return (self.path / GENESIS).exists()


def write_secret(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file that only its owner may read; it must not exist."""
    path.touch(mode=0o600, exist_ok=False)
    write_synced(path, json.dumps(content, indent=2))


def write_synced(path: Path, content: str) -> None:
    """Write a file that no power cut takes away any more: a key that is lost is a validator lost."""
    with path.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
