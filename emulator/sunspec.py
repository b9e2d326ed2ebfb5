"""An inverter that speaks SunSpec Modbus TCP, on pymodbus' own server: ``python -m emulator.sunspec --port 1502``.

For trying the SunSpec driver where there is no inverter. It has the models 1, an inverter model of either kind (103
with scale factors, 113 with floating point), 120, 121, 123 and 124, and obeys the power limit of model 123 until that
reverts.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import struct
import time
from collections.abc import Sequence
from typing import Annotated, Self

import typer
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

HOST = "127.0.0.1"
BASE = 40_000
MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]
_LIMIT_PERCENT, _REVERT_S, _ENABLED = 5, 7, 9


def text(value: str, registers: int) -> list[int]:
    """A string as SunSpec writes it, padded with NULs."""
    return list(struct.unpack(f">{registers}H", value.encode("ascii").ljust(2 * registers, b"\0")))


def float32(value: float) -> list[int]:
    """A number as two registers."""
    return list(struct.unpack(">HH", struct.pack(">f", value)))


class SunSpecModels:
    """The registers of an inverter of ``rated_w`` that could give ``pv_w`` now.

    ``scale`` is the exponent of power and energy in models 101 and 103. Raises ValueError for another ``model``.
    """

    def __init__(self, rated_w: int = 5_000, pv_w: int = 3_000, model: int = 103, scale: int = 0) -> None:
        if model not in (101, 103, 111, 113):
            raise ValueError(f"model is {model}; give 101, 103, 111 or 113")
        self.rated_w = rated_w
        self.pv_w = pv_w
        self.model = model
        self.scale = scale
        self.energy_wh = 1_234_500.0
        self.charge_percent = 64
        self._limited_at_s: float | None = None
        blocks = {
            1: [*text("vdg", 16), *text("emulated", 16), *text("", 8), *text("1", 8), *text("SN-1", 16), 1, 0],
            model: [0] * (50 if model < 110 else 60),
            120: [4, rated_w, 0, *[0xFFFF] * 23],
            121: [rated_w, *[0xFFFF] * 19, 0, *[0] * 9],
            123: [0, 0, 1, 100, 0, 0, 0, 0, *[0] * 13, 0, 0, 0],
            124: [0xFFFF] * 24,
        }
        self.at: dict[int, int] = {}
        self.registers = list(MARKER)
        for number, values in blocks.items():
            self.at[number] = len(self.registers)
            self.registers += [number, len(values), *values]
        self.registers += END
        self.registers[self.at[124] + 22] = 0
        self.refresh(self.registers)

    def refresh(self, registers: list[int]) -> None:
        """Write what changes by itself into ``registers``."""
        at = self.at[self.model]
        power_w = min(self.pv_w, self.limit_w(registers))
        status = 5 if power_w < self.pv_w else 4
        if self.model < 110:
            factor = 10.0**-self.scale
            registers[at + 14 : at + 16] = [round(power_w * factor) & 0xFFFF, self.scale & 0xFFFF]
            energy = round(self.energy_wh * factor) & 0xFFFF_FFFF
            registers[at + 24 : at + 27] = [energy >> 16, energy & 0xFFFF, self.scale & 0xFFFF]
            registers[at + 38] = status
        else:
            registers[at + 22 : at + 24] = float32(power_w)
            registers[at + 32 : at + 34] = float32(self.energy_wh)
            registers[at + 48] = status
        registers[self.at[124] + 8] = self.charge_percent

    def limit_w(self, registers: list[int]) -> float:
        """The power limit in force; one whose time is over is taken back first."""
        at = self.at[123]
        if registers[at + _ENABLED] != 1:
            return self.rated_w
        revert_s = registers[at + _REVERT_S]
        if revert_s and self._limited_at_s is not None and time.monotonic() - self._limited_at_s >= revert_s:
            registers[at + _ENABLED] = 0
            return self.rated_w
        return self.rated_w * registers[at + _LIMIT_PERCENT] / 100

    def limited(self) -> None:
        """A limit is being written: its time begins."""
        self._limited_at_s = time.monotonic()


class SunSpecServer:
    """Serves models on a port of the system's choice unless given."""

    def __init__(self, models: SunSpecModels, port: int = 0, unit: int = 1, base: int = BASE) -> None:
        self.models = models
        self.port = port
        self._unit = unit
        self._base = base
        self._server: ModbusTcpServer | None = None
        self._last_s = time.monotonic()

    async def __aenter__(self) -> Self:
        data = SimData(self._base, values=list(self.models.registers), datatype=DataType.REGISTERS)
        device = SimDevice(self._unit, simdata=[data], action=self.act)
        self._server = ModbusTcpServer(device, address=(HOST, self.port))
        await self._server.serve_forever(background=True)
        listener = self._server.transport
        if not isinstance(listener, asyncio.Server):
            raise RuntimeError("pymodbus listens on something that isn't a TCP port")
        self.port = listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus gives it no types

    async def act(
        self, _function: int, start: int, address: int, count: int, registers: list[int], values: Sequence[int] | None
    ) -> ExcCodes | None:
        """Before each answer: move on, and look at what is written. Returning a code refuses the request."""
        now_s = time.monotonic()
        self.models.refresh(registers)
        power_w = min(self.models.pv_w, self.models.limit_w(registers))
        self.models.energy_wh += power_w * (now_s - self._last_s) / 3600
        self._last_s = now_s
        if not values:
            return None
        controls = start + self.models.at[123]
        if not controls + 2 <= address <= address + count <= controls + 26:
            return ExcCodes.ILLEGAL_ADDRESS
        percent_at = controls + _LIMIT_PERCENT - address
        if 0 <= percent_at < count and values[percent_at] > 100:
            return ExcCodes.ILLEGAL_VALUE
        self.models.limited()
        return None


async def serve(server: SunSpecServer) -> None:
    """Runs until SIGTERM or SIGINT; prints one JSON line with its port when it listens."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        typer.echo(json.dumps({"sunspec": f"{HOST}:{server.port}", "model": server.models.model}))
        await stopped.wait()


def main(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="TCP port on the loopback address; 0 takes any.")] = 0,
    rated_w: Annotated[int, typer.Option(min=1, max=65_534, help="Rated power, W.")] = 5_000,
    pv_w: Annotated[int, typer.Option(min=0, max=30_000, help="What the sun offers, W.")] = 3_000,
    model: Annotated[int, typer.Option(help="101 or 103 (integers and scales), 111 or 113 (floats).")] = 103,
) -> None:
    """Run an emulated inverter that speaks SunSpec Modbus TCP."""
    logging.basicConfig(level=logging.WARNING)
    try:
        asyncio.run(serve(SunSpecServer(SunSpecModels(rated_w, pv_w, model), port)))
    except (OSError, RuntimeError, ValueError) as error:
        typer.echo(f"sunspec: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
