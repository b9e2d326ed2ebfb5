"""Modbus TCP to one device, by the library pymodbus; every way in which it can fail becomes one error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from clients.household.devices.sunspec.block import BusError, Unreachable

# What it logs as errors is raised here too, and comes with a dump of the last twenty packets.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

MOST_REGISTERS = 125
"""Of one read, by the Modbus specification."""
Request = Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]]
_EXCEPTIONS = {
    1: "illegal function: it can't do that",
    2: "illegal data address: it has no such registers",
    3: "illegal data value: it doesn't take that",
    4: "device failure: look at its display",
    6: "busy: try again later",
    11: "the gateway reached no device: check the unit id",
}


class ModbusBus:
    """A connection to unit ``unit`` at ``host``; made anew after each failure. ``timeout_s`` bounds each request."""

    def __init__(self, host: str, port: int, unit: int, timeout_s: float) -> None:
        self.where = f"{host}:{port} unit {unit}"
        self._host = host
        self._port = port
        self._unit = unit
        self._timeout_s = timeout_s
        self._client: AsyncModbusTcpClient | None = None
        # One request at a time: many inverters mix up answers otherwise.
        self._turn = asyncio.Lock()

    async def read(self, address: int, count: int) -> tuple[int, ...]:
        """Holding registers from ``address`` on. Raises: BusError."""
        read: list[int] = []
        while len(read) < count:
            part = min(MOST_REGISTERS, count - len(read))
            start = address + len(read)
            answer = await self._ask(f"read of {part} registers at {start}", _reading(start, part, self._unit))
            if len(answer.registers) != part:
                await self.close()
                raise BusError(f"{self.where}: {len(answer.registers)} registers came for {part}: not a SunSpec device")
            read += answer.registers
        return tuple(read)

    async def write(self, address: int, values: Sequence[int]) -> None:
        """Set holding registers in one request. Raises: BusError."""
        await self._ask(
            f"write of {len(values)} registers at {address}",
            lambda client: client.write_registers(address, list(values), device_id=self._unit),
        )

    async def close(self) -> None:
        """Drop the connection; the next request makes another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _ask(self, what: str, ask: Request) -> ModbusPDU:
        async with self._turn:
            try:
                # pymodbus' own timeout, and one around it for connections that are accepted and then forgotten.
                async with asyncio.timeout(3 * self._timeout_s):
                    answer = await ask(await self._connected())
            except ConnectionError as error:
                await self.close()
                raise Unreachable(f"{self.where}: {error}: check cable and address") from error
            except (ModbusException, OSError, TimeoutError) as error:
                await self.close()
                raise BusError(
                    f"{self.where}: {what} failed ({error or 'no answer'}): check cable and address"
                ) from error
            if isinstance(answer, ExceptionResponse) or answer.isError():
                code = getattr(answer, "exception_code", 0)
                raise BusError(f"{self.where}: {what} refused: {_EXCEPTIONS.get(code, f'exception {code}')}")
            return answer

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is None or not self._client.connected:
            await self.close()
            client = AsyncModbusTcpClient(
                self._host, port=self._port, timeout=self._timeout_s, retries=0, reconnect_delay=0
            )
            if not await client.connect():
                client.close()
                raise ConnectionError(f"nothing listens at {self._host}:{self._port}")
            self._client = client
        return self._client


def _reading(start: int, count: int, unit: int) -> Request:
    return lambda client: client.read_holding_registers(start, count=count, device_id=unit)
