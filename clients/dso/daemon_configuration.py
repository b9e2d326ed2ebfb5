"""What the daemon is told: config/dso.yaml is the commented sample."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from clients.common.broker import BrokerAddress
from clients.common.channel import Tls
from clients.common.configuration import FilePath, Section
from clients.common.slots import SLOTS_PER_DAY
from clients.dso.control.settings import ControlSettings
from clients.dso.monitor.cap_settings import CapSettings
from clients.dso.passphrase import PassphraseSource
from clients.dso.phases.settings import SwitchingSettings
from clients.dso.prover.signatures import SignerAddress

Name = Annotated[str, Field(min_length=1, max_length=64)]
Seconds = Annotated[float, Field(ge=0, le=3_600)]


class GatewayTls(Section):
    """PEM files: the authority of the gateway's certificate, and, for mutual TLS, this client's pair."""

    authority: FilePath
    certificate: FilePath | None = None
    key: FilePath | None = None
    server_name: str = ""


class GatewayAddress(Section):
    """The gateway, or several of one chain, as gRPC names them: ``host:port``, ``ipv4:1.2.3.4:7443,1.2.3.5:7443``."""

    target: Annotated[str, Field(min_length=1)]
    tls: GatewayTls | None = None

    @property
    def tls_files(self) -> Tls | None:
        """As the client library takes them; None for a plain connection."""
        tls = self.tls
        return Tls(tls.authority, tls.certificate, tls.key, tls.server_name) if tls is not None else None


class AccountKey(Section):
    """The account that sends proofs and rebates: the grid's DSO."""

    keystore: FilePath
    passphrase: PassphraseSource


class Meters(Section):
    """``time_tolerance_s``: how far a meter's clock may be off."""

    time_tolerance_s: Seconds = 1.0


class Proofs(Section):
    """``grace_s``: how long after a slot's end the first batch waits for readings, which are late after that; by
    default 2/5 of a slot, at most 30 s. ``keep_slots``: how many slots readings and proofs are kept.
    """

    grace_s: Seconds | None = None
    keep_slots: Annotated[int, Field(ge=2 * SLOTS_PER_DAY)] = 7 * SLOTS_PER_DAY


class RebateSettings(Section):
    """``max_neur_per_wh``: r_max of (4.1). ``forecast_csv``: g_hat of each slot of the day; without it, persistence."""

    max_neur_per_wh: Annotated[int, Field(ge=0, le=10**9)]
    forecast_csv: FilePath | None = None
    post_at_slot_of_day: Annotated[int, Field(ge=0, lt=SLOTS_PER_DAY)] = 66


class DaemonConfiguration(Section):
    """The whole file."""

    chain_id: Name
    vdg: Name
    database: FilePath
    chain_state: FilePath
    status_file: FilePath | None = None
    findings_file: FilePath | None = None
    gateway: GatewayAddress
    account: AccountKey
    signer: SignerAddress
    mqtt: BrokerAddress
    meters: Meters = Meters()
    proofs: Proofs = Proofs()
    rebates: RebateSettings | None = None
    control: ControlSettings | None = None
    switching: SwitchingSettings | None = None
    caps: CapSettings | None = None

    @model_validator(mode="after")
    def _the_grid_is_known(self) -> Self:
        for name, section in (("switching", self.switching), ("caps", self.caps)):
            if section is not None and self.control is None:
                raise ValueError(f"{name} needs control.network and control.homes_csv: give the section control too")
        return self

    @model_validator(mode="after")
    def _files_differ(self) -> Self:
        files = [self.database, self.chain_state, self.status_file, self.findings_file]
        given = [file for file in files if file is not None]
        if len(set(given)) < len(given):
            raise ValueError("database, chain_state, status_file and findings_file: give each a file of its own")
        return self
