"""From a session's file to the session: the whole file is checked, and every fault in it is named at once."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from clients.common.file_error import BadFile, FileError, shown
from clients.common.json_file import JsonKind
from node.control_session.file_check import contradictions
from node.control_session.session_file import BatteryFields, HouseholdFields, PccFields, SessionFile

KIND: Final = JsonKind(
    max_bytes=64_000_000,
    shape='{"pcc": [...], ...}',
    if_too_large="split it by PCC",
    if_too_deep="write what docs/rtc.md shows",
)

_Entry = TypeVar("_Entry", bound=BaseModel)


def read_session(source: str) -> SessionFile:
    """What a file (a path, or ``-`` for standard input) says.

    Raises: BadFile.
    """
    return parse_session(KIND.read(source))


def parse_session(data: bytes) -> SessionFile:
    """What the bytes of a file say.

    Raises: BadFile with everything that is wrong.
    """
    fields, errors = KIND.parse(data)
    file: SessionFile | None = None
    try:
        file = SessionFile.model_validate(fields)
    except ValidationError as error:
        errors += [_fault(item) for item in error.errors(include_url=False)]
    pccs, pcc_ids = _entries(fields.get("pcc"), PccFields)
    households, _ = _entries(fields.get("households"), HouseholdFields)
    errors += contradictions(pccs, households, pcc_ids)
    if file is None or errors:
        raise BadFile(errors)
    return file


def _entries(values: object, kind: type[_Entry]) -> tuple[list[_Entry | None], set[str]]:
    """The entries of an array, with None for those that are wrong by themselves (told elsewhere), and all their ids."""
    entries: list[_Entry | None] = []
    ids: set[str] = set()
    for value in values if isinstance(values, list) else []:
        try:
            entries.append(kind.model_validate(value))
        except ValidationError:
            entries.append(None)
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            ids.add(value["id"])
    return entries, ids


def _fault(item: ErrorDetails) -> FileError:
    """One of pydantic's errors in our words."""
    location = item["loc"]
    field, value, limits = _field(location), shown(item["input"]), item.get("ctx", {})
    match item["type"]:
        case "missing":
            return FileError(field, "", "is missing", "add it")
        case "extra_forbidden":
            return FileError(field, "", "is no field here", f"remove it; fields are {_known(location)}")
        case "finite_number":
            return FileError(field, value, "is not a finite number", "write a number")
        case "greater_than_equal":
            return FileError(field, value, f"is below {limits['ge']:g}", f"write {limits['ge']:g} or more")
        case "greater_than":
            return FileError(field, value, f"is not above {limits['gt']:g}", f"write more than {limits['gt']:g}")
        case "less_than_equal":
            return FileError(
                field, value, f"is above {limits['le']:g}", f"write {limits['le']:g} or less; check the unit"
            )
        case "too_long" | "string_too_long":
            return FileError(field, "", f"is longer than {limits['max_length']}", "shorten it")
        case "string_too_short":
            return FileError(field, value, "is empty", "give it a name")
        case "model_type" | "list_type" | "string_type" | "float_type" | "int_type":
            kind = {"model": "object", "list": "array", "float": "number", "int": "whole number"}
            name = item["type"].removesuffix("_type")
            wanted = kind.get(name, name)
            return FileError(field, value, f"is no {wanted}", f"write a JSON {wanted}")
    return FileError(field, value, f"is not usable: {item['msg']}", "write what docs/rtc.md shows")


def _known(location: tuple[int | str, ...]) -> str:
    if len(location) == 1:
        return ", ".join(SessionFile.model_fields)
    if "battery" in location[:-1]:
        return ", ".join(BatteryFields.model_fields)
    return ", ".join((PccFields if location[0] == "pcc" else HouseholdFields).model_fields)


def _field(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text if text.isascii() and text.isprintable() else shown(text)
