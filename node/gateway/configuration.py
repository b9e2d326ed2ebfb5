"""The gateway's settings: a YAML file, checked whole (config/gateway.yaml is the documented sample)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from clients.common.yaml_file import BadYaml, read_yaml

_LISTEN: Final = re.compile(r"(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):(\d{1,5})|unix:/\S+")
_NODE: Final = re.compile(r"https?://[^\s/]+/?")

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ConfigurationError(Exception):
    """The settings cannot be used; `errors` has a line for each reason."""

    def __init__(self, where: str, errors: list[str]) -> None:
        super().__init__("\n".join(f"{where}: {error}" for error in errors))
        self.errors = errors


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Tls(_Model):
    """Certificate and key of the server in PEM; with `client_ca`, clients must show a certificate signed by it."""

    certificate: str
    key: str
    client_ca: str | None = None

    @field_validator("certificate", "key", "client_ca")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None and not Path(value).is_file():
            raise ValueError("no such file; give the path of a PEM file")
        return value


class Limits(_Model):
    """What clients may ask for. `calls_per_second` and `burst` count for each peer; 0 a second is no limit."""

    max_request_bytes: Annotated[int, Field(ge=300_000)] = 524_288
    max_call_seconds: Seconds = 30.0
    calls_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2_000.0
    burst: Count = 4_000
    streams: Count = 1_024
    streams_per_peer: Count = 128
    calls_per_connection: Count = 4_096


class Memory(_Model):
    """What is kept in memory, and how many blocks are fetched from a node at once."""

    cache_bytes: Annotated[int, Field(ge=1_000_000)] = 67_108_864
    recent_results: Count = 50_000
    fetches: Count = 8


class Configuration(_Model):
    """All settings. `nodes` are CometBFT's RPC addresses in order of preference."""

    listen: str = "127.0.0.1:7443"
    nodes: Annotated[tuple[str, ...], Field(min_length=1, strict=False)] = ("http://127.0.0.1:26657",)
    node_timeout_seconds: Seconds = 5.0
    stall_seconds: Seconds = 10.0
    shutdown_seconds: Seconds = 5.0
    tls: Tls | None = None
    limits: Limits = Limits()
    memory: Memory = Memory()

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        match = _LISTEN.fullmatch(value)
        if match is None or int(match[1] or 0) > 65_535:
            raise ValueError("give HOST:PORT, with port 0 for a free one, or unix:/PATH")
        return value

    @field_validator("nodes")
    @classmethod
    def _urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not _NODE.fullmatch(url):
                raise ValueError(f"{url!r} is no RPC address; give http://HOST:PORT")
        return value


def parse_configuration(settings: Any, where: str) -> Configuration:
    """Settings from a parsed file or the command line.

    Raises:
        ConfigurationError: with all errors at once, each naming field, value and way out.
    """
    try:
        return Configuration.model_validate(settings)
    except ValidationError as error:
        raise ConfigurationError(where, [_line(item) for item in error.errors()]) from None


def load_configuration(path: Path) -> Configuration:
    """Settings from a YAML file; an empty one means all defaults.

    Raises:
        ConfigurationError: the file cannot be read, is no YAML, or holds errors.
    """
    try:
        settings = read_yaml(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(str(path), [f"cannot be read: {error.strerror}"]) from None
    except BadYaml as error:
        raise ConfigurationError(str(path), [str(error)]) from None
    return parse_configuration({} if settings is None else settings, str(path))


def _line(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"]) or "the file"
    reason = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        reason = "there is no such setting; config/gateway.yaml names all"
    return f"{field} = {item['input']!r}: {reason}"
