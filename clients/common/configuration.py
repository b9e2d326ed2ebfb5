"""Configuration files: YAML, validated whole before anything starts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from clients.common.yaml_file import BadYaml, read_yaml

M = TypeVar("M", bound="Section")

_PASSWORD_IN_URL = re.compile(r"//[^/\s]*@")
_SHOWN_CHARACTERS = 80


class ConfigurationError(ValueError):
    """A configuration file can't be used; the text names every field that is wrong, its value and the way out."""


class Section(BaseModel):
    """A mapping of the file: no unknown keys, no silent conversions, no NaN or infinity, immutable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _beside_the_file(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("give a path; relative ones start at the configuration file's folder")
    folder = (info.context or {}).get("folder", Path())
    return Path(folder, value).absolute()


FilePath = Annotated[Path, BeforeValidator(_beside_the_file)]
"""An absolute path; one written as relative starts at the configuration file's folder."""


def _host_and_port(value: str) -> str:
    host, separator, port = value.rpartition(":")
    if not (host and separator and port.isascii() and port.isdecimal() and int(port) < 65536):
        raise ValueError("give host:port, such as 127.0.0.1:7443 (port 0 takes a free one to listen on)")
    return value


HostPort = Annotated[str, AfterValidator(_host_and_port)]
"""A network address, ``host:port``."""


def _shown(field: str, value: object) -> str:
    """A value as far as it may be shown: no passphrase, no password, not too long."""
    if "pass" in field:
        return "(not shown)"
    if isinstance(value, dict | list):
        return "(entries)"  # which may hold a passphrase
    text = _PASSWORD_IN_URL.sub("//(not shown)@", repr(value))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """Its errors, without a list that is called too short for want of the entries that are wrong."""
    items = error.errors(include_url=False)
    places = [item["loc"] for item in items]
    return [
        item
        for item in items
        if item["type"] != "too_short"
        or not any(len(place) > len(item["loc"]) and place[: len(item["loc"])] == item["loc"] for place in places)
    ]


def read_configuration(path: Path, model: type[M]) -> M:
    """Read and validate a YAML file.

    Raises: ConfigurationError with all that is wrong, one line per field.
    """
    try:
        data = read_yaml(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror}): give an existing file") from error
    except BadYaml as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        return model.model_validate(data, context={"folder": path.absolute().parent})
    except ValidationError as error:
        items = _causes(error)
        lines = [f"{path}: {len(items)} field(s) are wrong:"]
        for item in items:
            field = ".".join(str(part) for part in item["loc"]) or "(the file)"
            lines.append(f"  {field} = {_shown(field, item['input'])}: {item['msg']}")
        raise ConfigurationError("\n".join(lines)) from error
