"""Where the services of a run are, and how they reach each other."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from clients.dso.pki import make_pki
from node.localnet.plan import Service
from node.localnet.ports import free_ports

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Site:
    """Services on one machine: everything on the loopback address, mutual TLS for the signing service alone.

    Each service has a folder of its own below ``folder``, and nothing in another's. Addresses are ``host:port``.
    """

    folder: Path
    gateway: str
    broker: str
    signer: str

    @classmethod
    def on_this_machine(cls, folder: Path) -> Self:
        """On ports that are free now. Raises: LocalnetError when there are too few."""
        gateway, broker, signer = (f"{LOOPBACK}:{port}" for port in free_ports(3))
        return cls(folder, gateway, broker, signer)

    def folder_of(self, service: str) -> Path:
        """A service's own folder, which is made if need be."""
        folder = self.folder / service
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def listening(self, address: str) -> str:
        """Where the service that is reached at an address listens."""
        return address

    def certify(self) -> None:
        """Make the certificates. Raises: PkiError."""
        self.certify_server("signer", self.signer, ["dso"])

    def broker_service(self) -> Service:
        """The MQTT broker's process."""
        port = self.broker.rpartition(":")[2]
        return Service(name="broker", command=("{python}", "-m", "emulator.broker", "--port", port))

    def gateway_options(self) -> tuple[str, ...]:
        """What the gateway's command line has besides nodes and address."""
        return ()

    def gateway_section(self, service: str) -> dict[str, Any]:  # noqa: ARG002 - elsewhere each has its own files
        """How a service reaches the gateway."""
        return {"target": self.gateway}

    def broker_section(self, service: str) -> dict[str, Any]:
        """How a service reaches the broker, which remembers it by its name."""
        return {"url": f"mqtt://vdg-{service}@{self.broker}"}

    def environment(self, service: str) -> dict[str, str]:
        """What else a service is told; the emulator reads the broker's address from it."""
        return {"VDG_BROKER": f"mqtt://{self.broker}"} if service == "emulator" else {}

    def certificate_files(self, service: str, name: str, authority: str) -> dict[str, str]:
        """A service's own certificate and key, and the authority that it trusts."""
        folder = self.folder_of(service)
        return {
            "authority": str(folder / f"{authority}-ca.crt"),
            "certificate": str(folder / f"{name}.crt"),
            "key": str(folder / f"{name}.key"),
        }

    def certify_server(self, server: str, address: str, clients: Sequence[str], trusting: Sequence[str] = ()) -> None:
        """An authority for one server, which gets its pair, as does each client; the authority's key stays in keys.

        ``trusting`` are services that are to know the server and need not show who they are. Raises: PkiError.
        """
        host = address.rpartition(":")[0]
        made = self.folder_of("keys") / server
        make_pki(made, ["localhost", LOOPBACK] if host == LOOPBACK else [host, "localhost"], clients)
        for service in (server, *clients, *trusting):
            shutil.copyfile(made / "ca.crt", self.folder_of(service) / f"{server}-ca.crt")
        for service in (server, *clients):
            name = "server" if service == server else service
            for kind in ("crt", "key"):
                # Perhaps into another file system, as a container's volume is.
                shutil.move(made / f"{name}.{kind}", self.folder_of(service) / f"{name}.{kind}")
