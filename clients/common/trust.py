"""What a client trusts from the beginning, and what it has come to trust since."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from clients.common.configuration import ConfigurationError, FilePath, Section
from wire.light.block import LightBlock
from wire.light.client import Provider, anchor_at
from wire.light.hashing import NANOSECONDS
from wire.light.json_form import genesis_anchor, light_block_from_json, light_block_to_json
from wire.light.verify import Anchor, Trust, anchor_of
from wire.strict_json import BadJson, read_json
from wire.unverified import Reason, Unverified

MAX_GENESIS_BYTES: Final = 64 * 1024 * 1024
MAX_PERIOD_HOURS: Final = 24 * 365 * 10
KEEP_SECONDS: Final = 60


class TrustSection(Section):
    """Where trust begins: the validators in a genesis document, or a header by its height and hash.

    ``period_hours``: how long a header is trusted after its own time. ``max_age_seconds``: a state that is older is not
    taken for the present one. ``witnesses``: CometBFT nodes whose headers must agree with the gateway's.
    """

    genesis: FilePath | None = None
    height: Annotated[int, Field(ge=1)] | None = None
    hash: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    period_hours: Annotated[int, Field(ge=1, le=MAX_PERIOD_HOURS)] = 168
    max_age_seconds: Annotated[int, Field(ge=1)] = 300
    witnesses: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if (self.height is None) != (self.hash is None):
            raise ValueError("height and hash go together: give both, of one header")
        if (self.genesis is None) == (self.height is None):
            raise ValueError("give either genesis, or height and hash of a header that you know to be right")
        return self

    @property
    def reach(self) -> Trust:
        """As the light client takes it."""
        return Trust(period_s=self.period_hours * 3600)


async def beginning(section: TrustSection, chain_id: str, provider: Provider) -> Anchor:
    """The anchor that a section names.

    Raises: ConfigurationError for a genesis document that is none, or of another chain; Unverified TRUST_MISMATCH when
    the provider's header at the height has another hash; BlockUnavailable.
    """
    if section.height is not None and section.hash is not None:
        return await anchor_at(provider, chain_id, section.height, bytes.fromhex(section.hash))
    if section.genesis is None:
        raise ConfigurationError("trust: give either genesis, or height and hash")
    return read_genesis(section.genesis, chain_id)


def read_genesis(path: Path, chain_id: str | None = None) -> Anchor:
    """The validators of a genesis document. Raises: ConfigurationError."""
    try:
        if path.stat().st_size > MAX_GENESIS_BYTES:
            raise ConfigurationError(f"{path}: has more than {MAX_GENESIS_BYTES} bytes: give CometBFT's genesis.json")
        anchor = genesis_anchor(read_json(path.read_bytes()))
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror}): give CometBFT's genesis.json") from error
    except BadJson as error:
        raise ConfigurationError(f"{path}: {error.reason}: give CometBFT's genesis.json") from error
    except Unverified as error:
        raise ConfigurationError(f"{path}: {error.message}: give CometBFT's genesis.json") from error
    if chain_id is not None and anchor.chain_id != chain_id:
        raise ConfigurationError(f"{path}: is of chain {anchor.chain_id!r}, the gateway serves {chain_id!r}")
    return anchor


class TrustFile:
    """The newest header that a client has verified, so that its trust does not end while it is used now and then.

    It belongs to one beginning: with another, it counts for nothing.
    """

    def __init__(self, path: Path, root: Anchor) -> None:
        self._path = path
        self._kept_ns = 0
        self._root = {
            "chain_id": root.chain_id,
            "height": root.height,
            "hash": root.hash.hex(),
            "next_validators": root.next_validators_hash.hex(),
        }

    def load(self) -> Anchor | None:
        """The newest header that was kept. Raises: Unverified MALFORMED for a file that was damaged."""
        try:
            data = read_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except BadJson as error:
            raise self._damaged(error) from error
        if not isinstance(data, dict):
            raise self._damaged("no object")
        if data.get("root") != self._root:
            return None
        return anchor_of(light_block_from_json(data.get("block") or {}))

    def keep(self, block: LightBlock) -> None:
        """Keep a verified block, unless one was kept that is hardly older."""
        if block.header.time_ns >= self._kept_ns + KEEP_SECONDS * NANOSECONDS:
            self.save(block)

    def save(self, block: LightBlock) -> None:
        """Keep a verified block; the file is the old or the new one, never a part."""
        self._kept_ns = block.header.time_ns
        content: dict[str, Any] = {"root": self._root, "block": light_block_to_json(block)}
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        draft.write_text(json.dumps(content))
        draft.replace(self._path)

    def _damaged(self, why: object) -> Unverified:
        return Unverified(
            Reason.MALFORMED, f"{self._path} is damaged ({why}): delete it, to begin from the configuration"
        )
