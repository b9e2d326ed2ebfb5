"""The SunSpec driver with real Modbus TCP on the loopback address: good inverters, bad maps, and broken lines."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.constants import ExcCodes

from clients.household.devices import Change, CommandRefused, Fault, Moment, Roster
from clients.household.devices.sunspec import OperatingState, SunSpecError, SunSpecInverter, SunSpecState, models
from clients.household.devices.sunspec.block import Block
from emulator.sunspec import SunSpecModels, SunSpecServer, float32
from tests.devices.live import DEADLINE_S, until
from wire.mqtt import Topics

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 2.0


class BrokenServer(SunSpecServer):
    """Refuses, hangs, or changes registers behind one's back where it is told to."""

    refuse: Callable[[int], ExcCodes | None] = staticmethod(lambda address: None)
    spoil: Callable[[list[int]], None] = staticmethod(lambda registers: None)
    hang_s = 0.0

    async def act(
        self, _function: int, start: int, address: int, count: int, registers: list[int], values: Sequence[int] | None
    ) -> ExcCodes | None:
        await asyncio.sleep(self.hang_s)
        self.spoil(registers)
        return self.refuse(address) or await super().act(_function, start, address, count, registers, values)


def driver(port: int, serial: str | None = None, timeout_s: float = TIMEOUT_S) -> SunSpecInverter:
    return SunSpecInverter("h1", "pv", "127.0.0.1", port, poll_s=0.1, timeout_s=timeout_s, serial=serial)


@asynccontextmanager
async def served(made: SunSpecModels, **options: int) -> AsyncIterator[tuple[BrokenServer, SunSpecInverter]]:
    async with BrokenServer(made, base=options.get("base", 40_000)) as server:
        yield server, driver(server.port)


@pytest.mark.parametrize("model", [101, 103, 111, 113])
@pytest.mark.parametrize("base", [40_000, 50_000, 0])
async def test_an_inverter_is_found_read_limited_and_released(model: int, base: int) -> None:
    async with served(SunSpecModels(model=model), base=base) as (_, inverter):
        await inverter.poll()
        assert inverter.available, inverter.last_failure
        assert inverter.state == SunSpecState(3_000, 1_234_500, OperatingState.MPPT, None, 640)
        assert inverter.identity == ("vdg", "emulated", "1", "SN-1")
        await inverter.limit(1_234, revert_s=60)
        await inverter.poll()
        # Whole percents of 5 kW, rounded down: never more than what was asked for.
        assert inverter.state is not None
        # Its counter goes on: 1 Wh in little more than a second.
        counted_wh = inverter.state.energy_wh
        assert 1_234_500 <= counted_wh < 1_234_600
        assert inverter.state == SunSpecState(1_200, counted_wh, OperatingState.THROTTLED, 1_200, 640)
        await inverter.release()
        await inverter.poll()
        assert inverter.state.limit_w is None
        assert inverter.state.power_w == 3_000


async def test_scale_factors_are_applied_in_both_directions() -> None:
    async with served(SunSpecModels(rated_w=5_000, pv_w=4_321, scale=-1)) as (server, inverter):
        server.models.pv_w = 3_210
        await inverter.poll()
        assert inverter.state is not None
        assert inverter.state.power_w == 3_210
    async with served(SunSpecModels(rated_w=5_000, pv_w=3_200, scale=2)) as (server, inverter):
        await inverter.poll()
        assert inverter.state is not None
        assert (inverter.state.power_w, inverter.state.energy_wh) == (3_200, 1_234_500)


async def test_a_limit_reverts_by_itself_and_that_is_no_fault() -> None:
    async with served(SunSpecModels()) as (_, inverter):
        await inverter.poll()
        await inverter.limit(1_000, revert_s=1)
        for _ in range(3):
            await inverter.poll()
            assert inverter.state is not None
        await until_polled(inverter, lambda state: state.limit_w is None)
        assert inverter.available


async def until_polled(inverter: SunSpecInverter, done: Callable[[SunSpecState], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while inverter.state is None or not done(inverter.state):
            await inverter.poll()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("limit_w", "revert_s", "words"),
    [(-1, 5, "give 0 to 5000"), (5_001, 5, "give 0 to 5000"), (10, 0, "give 1 to 65534 s"), (10, 65_535, "give 1 to")],
)
async def test_limits_beyond_what_it_can_are_refused_before_they_are_sent(
    limit_w: int, revert_s: int, words: str
) -> None:
    async with served(SunSpecModels()) as (_, inverter):
        await inverter.poll()
        with pytest.raises(CommandRefused, match=words):
            await inverter.limit(limit_w, revert_s)
        await inverter.poll()
        assert inverter.state is not None
        assert inverter.state.limit_w is None


def without_marker(made: SunSpecModels) -> None:
    made.registers[0] = 0


def without_end(made: SunSpecModels) -> None:
    made.registers[-2:] = [124, 0]


def with_endless_models(made: SunSpecModels) -> None:
    made.registers[-2:] = [64_001, 1, 0] * 70


def beginning_with_an_inverter(made: SunSpecModels) -> None:
    made.registers[made.at[1]] = 2


def without_an_inverter(made: SunSpecModels) -> None:
    made.registers[made.at[103]] = 64_003


def cut_off(made: SunSpecModels) -> None:
    """The inverter model is said to be shorter than it is, and what follows is walked as models."""
    at = made.at[103]
    made.registers[at + 1 : at + 52] = [20, *[0] * 20, 0xFFFF, *[0] * 29]


def with_an_absent_scale(made: SunSpecModels) -> None:
    made.registers[made.at[121] + 22] = 0x8000


def with_a_full_charge_of_more(made: SunSpecModels) -> None:
    made.charge_percent = 101


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without_end, "has length 0: the map can't be walked"),
        (with_endless_models, "more than 60 models without an end"),
        (beginning_with_an_inverter, "begins with model 2, not 1"),
        (without_an_inverter, "none of the models 101 to 103 and 111 to 113"),
        (cut_off, "the map is cut off"),
        (with_an_absent_scale, "scale factor at model 121 offset 22 is not implemented; SunSpec allows -10 to 10"),
        (with_a_full_charge_of_more, "state of charge is 101 %; it is 0 to 100"),
    ],
)
async def test_a_bad_map_is_refused_with_what_is_wrong_and_believed_once_it_is_mended(
    spoil: Callable[[SunSpecModels], None], words: str
) -> None:
    made = SunSpecModels()
    spoil(made)
    async with served(made) as (_, inverter):
        await inverter.poll()
        assert words in (inverter.refusals.last or inverter.last_failure or "")
        assert inverter.state is None
        assert not inverter.available
    async with served(SunSpecModels()) as (_, mended):
        inverter._bus = mended._bus
        await inverter.poll()
        assert inverter.available


async def test_a_device_without_sunspec_is_named_as_that() -> None:
    made = SunSpecModels()
    without_marker(made)
    async with served(made) as (_, inverter):
        await inverter.poll()
        assert "no SunSpec marker at 40000, 50000, 0: enable SunSpec" in (inverter.refusals.last or "")
        assert "it has no such registers" in (inverter.refusals.last or "")


@pytest.mark.parametrize("scale", [11, -11])
async def test_scale_factors_beyond_ten_are_refused(scale: int) -> None:
    async with served(SunSpecModels(scale=scale)) as (_, inverter):
        await inverter.poll()
        assert f"is {scale}; SunSpec allows -10 to 10" in (inverter.refusals.last or "")
        assert inverter.state is None


async def test_an_inverter_that_lies_is_refused_and_keeps_its_last_believed_state() -> None:
    async with served(SunSpecModels()) as (server, inverter):
        await inverter.poll()
        believed = inverter.state
        server.models.rated_w, server.models.pv_w = 9_000, 6_000
        await inverter.poll()
        assert "power is 6000 W; it is rated for 5000" in (inverter.refusals.last or "")
        server.models.pv_w, server.models.energy_wh = 3_000, 1_000.0
        await inverter.poll()
        assert "energy is 1000 Wh, it was 1234500; a counter never falls" in (inverter.refusals.last or "")
        assert inverter.refusals.counts == {Fault.IMPLAUSIBLE: 2}
        assert inverter.state == believed
        inverter.tick(Moment.now().later(4))
        assert not inverter.available


async def test_a_counter_that_starts_anew_at_its_end_is_no_lie() -> None:
    async with served(SunSpecModels()) as (server, inverter):
        server.models.energy_wh = 2.0**32 - 10
        await inverter.poll()
        server.models.energy_wh = 5.0
        await inverter.poll()
        assert inverter.state is not None
        assert (inverter.state.energy_wh, inverter.refusals.total) == (5, 0)


@pytest.mark.parametrize(("value", "words"), [(float("nan"), "has no power"), (float("inf"), "is infinite")])
def test_a_float_that_is_no_number_is_refused(value: float, words: str) -> None:
    registers = [113, 60, *[0] * 60]
    registers[22:24] = float32(value)
    with pytest.raises(SunSpecError, match=words):
        models.measured(Block(113, 0, tuple(registers)))


async def test_another_device_at_the_address_is_refused_where_a_serial_number_is_expected() -> None:
    async with SunSpecServer(SunSpecModels()) as server:
        inverter = driver(server.port, serial="SN-2")
        await inverter.poll()
        assert "serial number is 'SN-1', not 'SN-2': check the address" in (inverter.refusals.last or "")
        assert inverter.refusals.counts == {Fault.WRONG_CLIENT: 1}


async def test_exceptions_are_named_and_nothing_of_a_half_read_map_is_kept() -> None:
    async with served(SunSpecModels()) as (server, inverter):
        controls = 40_000 + server.models.at[123]
        server.refuse = lambda address: ExcCodes.DEVICE_BUSY if address == controls else None
        await inverter.poll()
        assert "refused: busy: try again later" in (inverter.last_failure or "")
        assert (inverter.state, inverter.failures) == (None, 1)
        server.refuse = lambda address: None
        await inverter.poll()
        assert inverter.available
        server.refuse = lambda address: ExcCodes.ILLEGAL_FUNCTION if address == controls + 5 else None
        with pytest.raises(CommandRefused, match=r"pv took no limit: .* illegal function: it can't do that"):
            await inverter.limit(100, 60)


async def test_an_inverter_that_acknowledges_a_limit_and_does_not_limit_is_named() -> None:
    async with served(SunSpecModels()) as (server, inverter):
        await inverter.poll()
        server.spoil = lambda registers: registers.__setitem__(server.models.at[123] + 9, 0)
        with pytest.raises(CommandRefused, match="pv acknowledged 1000 W but limits to None: unlock remote control"):
            await inverter.limit(1_000, 60)
        await inverter.poll()
        assert inverter.available


async def test_an_inverter_without_controls_takes_no_limit() -> None:
    made = SunSpecModels()
    made.registers[made.at[123]] = 64_005
    async with served(made) as (_, inverter):
        await inverter.poll()
        assert inverter.available
        with pytest.raises(CommandRefused, match="pv takes no power limit: it has no model 123"):
            await inverter.limit(1_000, 60)
        with pytest.raises(CommandRefused, match="pv takes no power limit"):
            await inverter.release()


async def test_a_map_that_moves_is_noticed_and_read_anew() -> None:
    async with served(SunSpecModels()) as (server, inverter):
        await inverter.poll()
        server.spoil = lambda registers: registers.__setitem__(server.models.at[123], 64_005)
        await inverter.poll()
        assert "model 123 is no longer at" in (inverter.refusals.last or "")
        await inverter.poll()
        assert inverter.refusals.total == 1
        assert inverter.state is not None
        assert inverter.state.limit_w is None


async def test_a_driver_whose_cancellation_was_lost_on_its_way_ends() -> None:
    async with served(SunSpecModels()) as (_, inverter):

        async def lose_it() -> None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)

        running = asyncio.create_task(inverter.run(lose_it))
        done, _ = await asyncio.wait({running}, timeout=DEADLINE_S)
        assert running in done


async def test_a_device_that_accepts_and_never_answers_is_given_up_in_time() -> None:
    async with served(SunSpecModels()) as (server, patient):
        server.hang_s = 60
        inverter = driver(server.port, timeout_s=0.2)
        async with asyncio.timeout(DEADLINE_S):
            await inverter.poll()
        assert "check cable and address" in (inverter.refusals.last or "")
        server.hang_s = 0
        await patient.poll()
        assert patient.available


async def test_garbage_instead_of_modbus_is_contained() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        inverter = driver(server.sockets[0].getsockname()[1], timeout_s=0.2)
        await inverter.poll()
        assert inverter.failures + inverter.refusals.total == 1
        assert not inverter.available


async def test_an_inverter_that_goes_away_is_announced_and_found_again() -> None:
    changes: list[Change] = []
    async with SunSpecServer(SunSpecModels()) as server:
        port = server.port
        inverter = driver(port, timeout_s=1.0)
        roster = Roster([inverter], Topics())
        roster.on_change(changes.append)
        running = asyncio.create_task(inverter.run())
        await until(lambda: inverter.available)
    await until(lambda: not inverter.available)
    assert (inverter.unavailable_because or "").startswith("silent for")
    with pytest.raises(CommandRefused, match="h1/pv is unavailable: silent"):
        await inverter.limit(100, 60)
    async with SunSpecServer(SunSpecModels(), port):
        await until(lambda: inverter.available)
        running.cancel()
        await asyncio.wait([running])
    assert [change.kind.value for change in changes] == ["available", "unavailable", "available"]


async def test_an_inverter_that_undoes_its_limit_again_and_again_is_left_alone() -> None:
    async with served(SunSpecModels()) as (server, inverter):
        await inverter.poll()
        bus = inverter._bus
        enabled_at = 40_000 + server.models.at[123] + 9
        for _ in range(3):
            assert inverter.available
            await inverter.limit(1_000, 60)
            await bus.write(enabled_at, [0])
            await inverter.poll()
        assert "undoes set points" in (inverter.unavailable_because or "")


@given(st.integers(0, 20_000), st.integers(1, 20_000), st.integers(-3, 0))
def test_a_limit_in_registers_is_never_above_and_within_a_step_of_what_was_asked(
    wanted_w: int, most_w: int, exponent: int
) -> None:
    registers = [123, 24, *[0] * 24]
    registers[23] = exponent & 0xFFFF
    if wanted_w > most_w:
        wanted_w %= most_w + 1
    block = Block(123, 0, tuple(registers))
    step_w = Fraction(most_w, 100) * Fraction(10) ** exponent
    try:
        registers[5:10] = models.limit_registers(block, Fraction(most_w), wanted_w, 60)
    except SunSpecError:
        assert wanted_w >= step_w * 0xFFFF
        return
    in_force_w = models.limit_w(Block(123, 0, tuple(registers)), Fraction(most_w))
    assert in_force_w is not None
    assert wanted_w - step_w < in_force_w <= wanted_w


@given(st.lists(st.integers(0, 0xFFFF), min_size=0, max_size=70), st.sampled_from([101, 103, 111, 113]))
def test_no_registers_whatever_make_anything_but_a_value_or_a_named_error(values: list[int], model: int) -> None:
    block = Block(model, 0, tuple(values))
    try:
        seen = models.measured(block)
    except SunSpecError:
        return
    assert seen.energy_wh >= 0


async def test_the_emulated_inverter_runs_as_a_command() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emulator.sunspec", "--model", "113", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    started = json.loads(await process.stdout.readline())
    inverter = driver(int(started["sunspec"].partition(":")[2]))
    await inverter.poll()
    assert inverter.available
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
