"""What must survive the emulator's restart: registers, sequence numbers, batteries, set points, the last readings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulator.household import Household
from wire.mqtt import Reading, SetPoint
from wire.phase_switch import PhaseName

Whole = Annotated[int, Field(ge=0)]


class StateError(ValueError):
    """A state file that can't be used; the message says what to do."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class RunKey(_Record):
    """What a state belongs to; a state of another run is refused."""

    epoch_s: int
    slot_seconds: int
    day: str
    day_slot: int
    first_slot: int = 0
    homes: list[str]
    devices: list[str] = []


class HomeState(_Record):
    """One home at a slot's end."""

    import_mj: Whole
    export_mj: Whole
    sequence: Whole
    battery_mj: Whole | None = None
    off_in_slot: int | None = None
    last_set_point: int
    set_points: list[SetPoint]
    last_reading: Reading
    devices: dict[str, dict[str, int]] = {}


class State(_Record):
    """A whole run at a slot's end; ``phases``: those of homes with a phase switch."""

    run: RunKey
    now_ms: Whole
    homes: dict[str, HomeState]
    phases: dict[str, PhaseName] = {}


def capture(
    run: RunKey, households: dict[str, Household], last_readings: dict[str, Reading], phases: dict[str, PhaseName]
) -> State:
    """The state at a slot's end, with the readings taken there."""
    homes = {
        name: HomeState(
            import_mj=household.meter.import_mj,
            export_mj=household.meter.export_mj,
            sequence=household.meter.sequence,
            battery_mj=household.battery.energy_mj if household.battery else None,
            off_in_slot=household.off_in_slot,
            last_set_point=household.set_points.last_sequence,
            set_points=list(household.set_points.by_slot.values()),
            last_reading=last_readings[name],
            devices={device: each.memory() for device, each in household.devices.items()},
        )
        for name, household in households.items()
    }
    return State(run=run, now_ms=next(iter(households.values())).now_ms, homes=homes, phases=phases)


def put_back(state: State, households: dict[str, Household]) -> None:
    """Sets freshly made households to a state."""
    for name, home in state.homes.items():
        household = households[name]
        household.meter.import_mj = home.import_mj
        household.meter.export_mj = home.export_mj
        household.meter.sequence = home.sequence
        if household.battery is not None and home.battery_mj is not None:
            household.battery.energy_mj = home.battery_mj
        household.off_in_slot = home.off_in_slot
        household.set_points.last_sequence = home.last_set_point
        household.set_points.by_slot = {set_point.slot: set_point for set_point in home.set_points}
        for device, memory in home.devices.items():
            household.devices[device].recall(memory)
        household.restore(state.now_ms)


def save(path: Path, state: State) -> None:
    """Writes the state in place of the old one at once; raises OSError when the folder can't be written."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(state.model_dump_json(exclude_none=True), encoding="utf-8")
    fresh.replace(path)


def load(path: Path, run: RunKey) -> State | None:
    """The saved state, None when there is no file. Raises StateError for a damaged file or one of another run."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        state = State.model_validate_json(text)
    except ValidationError as error:
        raise StateError(f"state file {path.name} is damaged ({error.error_count()} faults); remove it") from error
    if state.run != run:
        wrong = [name for name in RunKey.model_fields if getattr(state.run, name) != getattr(run, name)]
        raise StateError(f"state file {path.name} is of a run with another {', '.join(wrong)}; name another file")
    return state
