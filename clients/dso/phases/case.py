"""From a file's bytes to the case that `vdg phases allocate` solves: every fault in it is named at once."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from clients.common.file_error import BadFile, FileError, shown
from clients.common.json_file import JsonKind
from clients.dso.phases.household import PHASES, Household

KIND: Final = JsonKind(
    max_bytes=1_000_000,
    shape='{"households": [...]}',
    if_too_large="give one slot's homes only",
    if_too_deep="give a list of households",
)
# Up to these limits every sum of squares fits an integer of 64 bits.
MAX_HOUSEHOLDS: Final = 500
MAX_COMMITMENT_WH: Final = 1_000_000
MAX_HYSTERESIS_WH2: Final = 10**12
_MAX_NAME = 60


class Case(NamedTuple):
    """What a file asks; ``hysteresis_wh2`` is what a switching must save at least."""

    households: list[Household]
    max_switchings: int | None
    hysteresis_wh2: int


def parse_case(data: bytes) -> Case:
    """The case that the bytes of a file describe.

    Raises: BadFile with everything that is wrong.
    """
    fields, faults = KIND.parse(data)
    reader = _Reader(faults)
    case = reader.case(fields)
    if case is None or faults:
        raise BadFile(faults)
    return case


class _Reader:
    """Takes fields out of objects, and notes what is wrong with them."""

    def __init__(self, faults: list[FileError]) -> None:
        self._faults = faults

    def case(self, fields: dict[str, Any]) -> Case | None:
        self._only(fields, "", Case._fields)
        households = self._households(fields)
        most = None
        if fields.get("max_switchings") is not None:
            most = self._number(fields, "", "max_switchings", 0, MAX_HOUSEHOLDS)
        hysteresis = self._number({"hysteresis_wh2": 0} | fields, "", "hysteresis_wh2", 0, MAX_HYSTERESIS_WH2)
        return None if hysteresis is None else Case(households, most, hysteresis)

    def _households(self, fields: dict[str, Any]) -> list[Household]:
        listed = fields.get("households")
        if "households" not in fields:
            self._note("households", "", "is missing", "add the list of homes")
        elif not isinstance(listed, list):
            self._note("households", shown(listed), "is no list", "write a list of objects")
        elif not listed:
            self._note("households", "", "is empty", "give at least one home")
        elif len(listed) > MAX_HOUSEHOLDS:
            reason = f"has {len(listed)} homes, more than {MAX_HOUSEHOLDS}"
            self._note("households", "", reason, "feeders are independent: split the file by feeder")
        else:
            found = [self._household(entry, f"households[{index}]") for index, entry in enumerate(listed)]
            self._unique(found)
            return [home for home in found if home is not None]
        return []

    def _household(self, entry: object, place: str) -> Household | None:
        if not isinstance(entry, dict):
            self._note(place, shown(entry), "is no object", f"write an object with {', '.join(Household._fields)}")
            return None
        before = len(self._faults)
        place += "."
        self._only(entry, place, Household._fields)
        name, feeder = (self._name(entry, place, field) for field in ("id", "feeder"))
        phase, switch = (self._value(entry, place, field) for field in ("phase", "switch"))
        if "phase" in entry and phase not in PHASES:
            self._note(f"{place}phase", shown(phase), "is no phase", 'write "a", "b" or "c"')
        if "switch" in entry and not isinstance(switch, bool):
            self._note(f"{place}switch", shown(switch), "is neither true nor false", "write true or false, unquoted")
        commitment = self._number(entry, place, "commitment_wh", -MAX_COMMITMENT_WH, MAX_COMMITMENT_WH)
        if commitment is None or len(self._faults) > before:
            return None
        return Household(name, feeder, str(phase), commitment, bool(switch))

    def _unique(self, homes: list[Household | None]) -> None:
        first: dict[str, int] = {}
        for index, home in enumerate(homes):
            if home is not None and first.setdefault(home.id, index) != index:
                reason = f"is the id of households[{first[home.id]}] too"
                self._note(f"households[{index}].id", shown(home.id), reason, "give every home an id of its own")

    def _name(self, fields: dict[str, Any], place: str, field: str) -> str:
        value = self._value(fields, place, field)
        if field in fields and not (isinstance(value, str) and 0 < len(value) <= _MAX_NAME and value.isprintable()):
            way_out = f"write a text of 1 to {_MAX_NAME} printable characters"
            self._note(f"{place}{field}", shown(value), "is no name", way_out)
        return str(value)

    def _number(self, fields: dict[str, Any], place: str, field: str, low: int, high: int) -> int | None:
        value = self._value(fields, place, field)
        if field not in fields:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._note(f"{place}{field}", shown(value), "is not a whole number", "write a whole number, unquoted")
            return None
        if not low <= value <= high:
            self._note(f"{place}{field}", shown(value), f"is not within {low} to {high}", "correct it; check the unit")
            return None
        return value

    def _value(self, fields: dict[str, Any], place: str, field: str) -> object:
        if field not in fields:
            self._note(f"{place}{field}", "", "is missing", "add it")
        return fields.get(field)

    def _only(self, fields: dict[str, Any], place: str, known: tuple[str, ...]) -> None:
        for field in fields:
            if field not in known:
                name = f"{place}{field}" if field.isidentifier() else f"{place}{shown(field)}"
                self._note(shown(name)[1:-1], "", "is no known field", f"remove it; fields are {', '.join(known)}")

    def _note(self, field: str, value: str, reason: str, way_out: str) -> None:
        self._faults.append(FileError(field, value, reason, way_out))
