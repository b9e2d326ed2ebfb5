"""The services of a neighbourhood in containers: host names instead of ports, TLS and passwords between them."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import yaml

from node.containers.access import ACCESS, access_file
from node.containers.description import BROKER, GATEWAY, SIGNER
from node.localnet.plan import Service
from node.run.services import write_private
from node.run.site import Site

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a container's own network, of which nothing is published
_PASSWORD: Final = "VDG_MQTT_PASSWORD"  # noqa: S105 - a variable's name


@dataclass(frozen=True)
class ContainerSite(Site):
    """Each service in a container that has its own folder alone as a volume."""

    passwords: dict[str, str] = field(repr=False)

    @classmethod
    def below(cls, root: Path) -> Self:
        """With fresh passwords."""
        passwords = {service: secrets.token_urlsafe(24) for service in ACCESS}
        return cls(root, GATEWAY, BROKER, SIGNER, passwords)

    def listening(self, address: str) -> str:
        """On the container's every address, at the port that others dial."""
        return f"{EVERYWHERE}:{address.rpartition(':')[2]}"

    def certify(self) -> None:
        """An authority for each server, so that none can pass for another. Raises: PkiError."""
        self.certify_server("signer", self.signer, ["dso"])
        self.certify_server("gateway", self.gateway, [], ["dso", "households", "reporter"])
        self.certify_server("broker", self.broker, [], list(ACCESS))

    def broker_service(self) -> Service:
        """Mosquitto with TLS, passwords and access by topic.

        Raises: OSError, subprocess.CalledProcessError when Mosquitto's own tool can't hash the passwords.
        """
        folder = self.folder_of("broker")
        users, access = folder / "passwords", folder / "access"
        write_private(users, "".join(f"vdg-{service}:{secret}\n" for service, secret in self.passwords.items()))
        subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True)
        write_private(access, access_file())
        settings = {
            "listener": self.broker.rpartition(":")[2],
            "certfile": folder / "server.crt",
            "keyfile": folder / "server.key",
            "allow_anonymous": "false",
            "password_file": users,
            "acl_file": access,
            "persistence": "true",
            "persistence_location": f"{folder}/",
            # What a daemon misses while it is away: readings of all homes, over hours.
            "max_queued_messages": 100_000,
            "log_dest": "stdout",
        }
        file = folder / "mosquitto.conf"
        write_private(file, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return Service(name="broker", command=("mosquitto", "-c", str(file)))

    def gateway_options(self) -> tuple[str, ...]:
        """A file with the certificate."""
        folder = self.folder_of("gateway")
        tls = {"certificate": str(folder / "server.crt"), "key": str(folder / "server.key")}
        write_private(folder / "gateway.yaml", yaml.safe_dump({"tls": tls}))
        return ("--config", str(folder / "gateway.yaml"))

    def gateway_section(self, service: str) -> dict[str, Any]:
        """Over TLS."""
        return {"target": self.gateway, "tls": {"authority": str(self.folder_of(service) / "gateway-ca.crt")}}

    def broker_section(self, service: str) -> dict[str, Any]:
        """Over TLS, with a password from the environment."""
        return {
            "url": f"mqtts://vdg-{service}@{self.broker}",
            "authority": str(self.folder_of(service) / "broker-ca.crt"),
            "password_env": _PASSWORD,
        }

    def environment(self, service: str) -> dict[str, str]:
        """The broker's password; for the emulator in its URL, beside the authority that it is to trust."""
        password = self.passwords[service]
        if service != "emulator":
            return {_PASSWORD: password}
        authority = str(self.folder_of(service) / "broker-ca.crt")
        return {"VDG_BROKER": f"mqtts://vdg-emulator:{password}@{self.broker}", "SSL_CERT_FILE": authority}
