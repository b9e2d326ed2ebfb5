"""The address of an MQTT broker, as a URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class BrokerUrl:
    """Host, port, TLS and user of a broker; the password never shows in ``str`` or ``repr``."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> BrokerUrl:
        """Reads ``mqtt://host:port`` or ``mqtts://user:password@host:port``. Raises ValueError without the password."""
        way_out = "give mqtt://host:port or mqtts://user:password@host:port"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"broker URL can't be read; {way_out}") from error
        if parts.scheme not in _PORTS:
            raise ValueError(f"broker URL has scheme {parts.scheme!r}; {way_out}")
        if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError(f"broker URL needs a host and nothing behind the port; {way_out}")
        return cls(
            host=parts.hostname,
            port=_PORTS[parts.scheme] if port is None else port,
            tls=parts.scheme == "mqtts",
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )

    def tls_context(self) -> ssl.SSLContext | None:
        """Verifying TLS with the system's authorities (or SSL_CERT_FILE's), None for plain mqtt."""
        return ssl.create_default_context() if self.tls else None

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"
