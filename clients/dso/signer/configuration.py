"""What the signing service is told: config/signer.yaml is the commented sample."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from clients.common.configuration import FilePath, HostPort, Section
from clients.common.slots import SlotClock
from clients.dso.passphrase import PassphraseSource

Name = Annotated[str, Field(min_length=1, max_length=64)]


class ServerTls(Section):
    """PEM files: the service's certificate and key, and the authority whose client certificates are let in."""

    authority: FilePath
    certificate: FilePath
    key: FilePath


class Limits(Section):
    """What one client may ask for."""

    statements_per_call: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    statements_per_s: Annotated[int, Field(ge=1)] = 5_000
    burst_statements: Annotated[int, Field(ge=1)] = 20_000

    @model_validator(mode="after")
    def _burst_holds_a_call(self) -> Self:
        if self.burst_statements < self.statements_per_call:
            raise ValueError("burst_statements is below statements_per_call: no full call could ever pass")
        return self


class SignedGrid(Section):
    """One VDG whose flows are signed.

    ``max_flow_wh``: the largest plausible energy of a slot in either direction. ``oldest_slots``: how many slots
    after its end a slot is still signed. ``meters_csv``: a list ``account,meter``; then nothing else is signed.
    """

    chain_id: Name
    vdg: Name
    epoch_s: Annotated[int, Field(ge=0)]
    slot_seconds: Annotated[int, Field(ge=1)]
    max_flow_wh: Annotated[int, Field(ge=1, le=10**12)]
    oldest_slots: Annotated[int, Field(ge=1)] = 1_008
    meters_csv: FilePath | None = None

    @property
    def clock(self) -> SlotClock:
        """The grid's slot timing."""
        return SlotClock(self.epoch_s, self.slot_seconds)


class SignerConfiguration(Section):
    """The whole file."""

    listen: HostPort
    address_file: FilePath | None = None
    keystore: FilePath
    passphrase: PassphraseSource
    record: FilePath
    tls: ServerTls
    allowed_clients: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    clock_tolerance_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    limits: Limits = Limits()
    grids: Annotated[tuple[SignedGrid, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _each_grid_once(self) -> Self:
        names = [(grid.chain_id, grid.vdg) for grid in self.grids]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"grids names {twice} more than once: keep one entry each")
        return self
