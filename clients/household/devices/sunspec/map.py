"""Finding a device's SunSpec models: a marker, then models one after another, each with id and length."""

from __future__ import annotations

from typing import NamedTuple

from clients.household.devices.sunspec.block import NO_UINT16, Block, SunSpecError, Unreachable
from clients.household.devices.sunspec.bus import ModbusBus

BASES = (40_000, 50_000, 0)
"""Where the marker may be, by the SunSpec Device Information Model Specification."""
MARKER = (0x5375, 0x6E53)
COMMON = 1
MOST_MODELS = 60
LAST_ADDRESS = 0xFFFF


class Place(NamedTuple):
    """A model's first register and how many there are, id and length included."""

    address: int
    registers: int


class Map:
    """The models of a device by id; of one that comes twice, the first."""

    def __init__(self, places: dict[int, Place]) -> None:
        self.places = places

    async def read(self, bus: ModbusBus, model: int) -> Block | None:
        """A model as it is now; None where the device has none. Raises: SunSpecError, also when the map has moved."""
        place = self.places.get(model)
        if place is None:
            return None
        block = Block(model, place.address, await bus.read(place.address, place.registers))
        if block.registers[:2] != (model, place.registers - 2):
            raise SunSpecError(
                f"{bus.where}: model {model} is no longer at {place.address}: its map changed, it is read anew"
            )
        return block


async def discover(bus: ModbusBus) -> Map:
    """Walk a device's map. Raises: SunSpecError when there is none or it can't be one."""
    refusals = []
    for base in BASES:
        try:
            marker = await bus.read(base, len(MARKER))
        except Unreachable:
            raise
        except SunSpecError as error:
            refusals.append(str(error))
            continue
        if marker == MARKER:
            return await _walk(bus, base + len(MARKER))
    because = f" ({'; '.join(refusals)})" if refusals else ""
    raise SunSpecError(
        f"{bus.where}: no SunSpec marker at {', '.join(map(str, BASES))}: enable SunSpec on the inverter, check the "
        f"unit id{because}"
    )


async def _walk(bus: ModbusBus, address: int) -> Map:
    places: dict[int, Place] = {}
    first = None
    for _ in range(MOST_MODELS):
        if address + 1 > LAST_ADDRESS:
            raise SunSpecError(f"{bus.where}: the map runs over register {LAST_ADDRESS}: no end marker")
        model, length = await bus.read(address, 2)
        if model == NO_UINT16:
            if first != COMMON:
                raise SunSpecError(f"{bus.where}: the map begins with model {first}, not {COMMON}: not a SunSpec map")
            return Map(places)
        if length == 0 or address + 2 + length > LAST_ADDRESS:
            raise SunSpecError(f"{bus.where}: model {model} at {address} has length {length}: the map can't be walked")
        if first is None:
            first = model
        places.setdefault(model, Place(address, length + 2))
        address += length + 2
    raise SunSpecError(f"{bus.where}: more than {MOST_MODELS} models without an end: the map can't be one")
