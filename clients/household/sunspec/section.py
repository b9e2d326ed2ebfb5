"""A home's SunSpec inverter, as the configuration tells where it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clients.common.configuration import ConfigurationError, Section
from clients.household.devices.sunspec.inverter import POLL_SECONDS, TIMEOUT_SECONDS, SunSpecInverter
from wire.grid import Grid

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9:\-]{1,63}(\.[A-Za-z0-9:\-]{1,63})*$", max_length=253)]


class SunSpecSection(Section):
    """The home's inverter, instead of one over MQTT; ``serial``: believe no other; ``timeout_s`` bounds a request."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    serial: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    poll_s: Annotated[float, Field(ge=0.1, le=60)] = POLL_SECONDS
    timeout_s: Annotated[float, Field(ge=0.1, le=30)] = TIMEOUT_SECONDS

    @property
    def where(self) -> str:
        """The device: two of one place are one."""
        return f"{self.host.lower()}:{self.port} unit {self.unit}"

    def driver(self, home: str, grid: Grid) -> SunSpecInverter:
        """The driver, in the place of the one over MQTT. Raises: ConfigurationError where slots are too short."""
        most_s = grid.slot_seconds / 2
        if self.poll_s > most_s:
            raise ConfigurationError(
                f"homes.{home}.sunspec.poll_s = {self.poll_s:g}: slots of {grid.vdg} last {grid.slot_seconds} s, and "
                f"an inverter is asked twice in each at least: give at most {most_s:g}"
            )
        return SunSpecInverter(
            home,
            "inverter",
            self.host,
            self.port,
            self.unit,
            serial=self.serial,
            poll_s=self.poll_s,
            timeout_s=self.timeout_s,
        )
