"""Where an MQTT broker is, and how to log in there."""

from __future__ import annotations

import os
import ssl
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from clients.common.configuration import ConfigurationError, FilePath, Section
from wire.mqtt import Topics

_PORTS = {"mqtt": 1883, "mqtts": 8883}


def _broker_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.password:
        raise ValueError("give mqtt://[user@]host[:port] or mqtts://…; the password comes from password_env")
    _ = parts.port  # urlsplit checks it when asked and says what is wrong
    return value


def _topic_root(value: str) -> str:
    return Topics(value).root


class BrokerAddress(Section):
    """The MQTT broker. ``client_id``: the broker keeps messages for it while the daemon is away."""

    url: Annotated[str, AfterValidator(_broker_url)]
    client_id: Annotated[str, Field(min_length=1, max_length=23)] = "vdg-dso"
    topic_root: Annotated[str, AfterValidator(_topic_root)] = Topics().root
    authority: FilePath | None = None
    password_env: str | None = None


class BrokerLogin(NamedTuple):
    """A broker's address taken apart; ``tls`` only for mqtts."""

    hostname: str
    port: int
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None


def broker_login(address: BrokerAddress) -> BrokerLogin:
    """What a connection needs. Raises: ConfigurationError for an unset variable or an unreadable authority."""
    parts = urlsplit(address.url)
    password = None
    if address.password_env is not None:
        password = os.environ.get(address.password_env)
        if not password:
            raise ConfigurationError(
                f"password_env = {address.password_env}, for {address.url}: set the variable for this process"
            )
    tls = None
    if parts.scheme == "mqtts":
        try:
            tls = ssl.create_default_context(cafile=str(address.authority) if address.authority else None)
        except OSError as error:
            raise ConfigurationError(
                f"authority = {address.authority}, for {address.url}: can't be used ({error})"
            ) from error
    return BrokerLogin(parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.username, password, tls)
