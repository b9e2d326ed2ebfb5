"""From a plan's file to its problem: the whole file is checked, and every fault in it is named at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clients.common.file_error import BadFile, FileError, shown
from clients.common.json_file import JsonKind
from clients.household.planner.file_check import contradictions
from clients.household.planner.grouping import grouped
from clients.household.planner.plan_file import PlanFile
from clients.household.planner.problem import Problem

KIND: Final = JsonKind(
    max_bytes=4_000_000,
    shape='{"load_wh": [...], ...}',
    if_too_large="plan fewer slots at once",
    if_too_deep="give an object of arrays",
)


def read_problem(source: str) -> Problem:
    """The problem of a file (a path, or ``-`` for standard input).

    Raises: BadFile.
    """
    return parse_problem(KIND.read(source))


def parse_problem(data: bytes) -> Problem:
    """The problem that the bytes of a file describe.

    Raises: BadFile with everything that is wrong.
    """
    fields, errors = KIND.parse(data)
    file: PlanFile | None = None
    try:
        file = PlanFile.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False)
        errors += grouped([_fault(item) for item in details])
        for item in details:
            _blank(fields, item["loc"])
    errors += contradictions(fields)
    if file is None or errors:
        raise BadFile(errors)
    return file.problem()


def _fault(item: ErrorDetails) -> tuple[str, int | None, FileError]:
    """One of pydantic's errors in our words: the field, the index if it is an array's element, and the fault."""
    *path, last = item["loc"]
    index = last if isinstance(last, int) else None
    field = _field(tuple(path) if index is not None else item["loc"])
    limits = item.get("ctx", {})
    value = shown(item["input"])
    match item["type"]:
        case "missing":
            return field, index, FileError(field, "", "is missing", "add it")
        case "extra_forbidden":
            known = ", ".join(PlanFile.model_fields) if len(item["loc"]) == 1 else "the documented ones"
            return field, index, FileError(field, "", "is no field of a plan's file", f"remove it; fields are {known}")
        case "finite_number":
            return (
                field,
                index,
                FileError(field, value, "is not a finite number", "write a number; forecast what is missing"),
            )
        case "greater_than_equal":
            low = limits["ge"]
            reason = "is negative" if low == 0 else f"is below {low:g}"
            return field, index, FileError(field, value, reason, f"write {low:g} or more")
        case "greater_than":
            return (
                field,
                index,
                FileError(field, value, f"is not above {limits['gt']:g}", f"write more than {limits['gt']:g}"),
            )
        case "less_than_equal":
            high = limits["le"]
            return (
                field,
                index,
                FileError(field, value, f"is above {high:g}", f"write {high:g} or less; check the unit"),
            )
        case "too_long" | "string_too_long":
            return field, index, FileError(field, "", f"has more than {limits['max_length']} values", "shorten it")
        case "too_short" | "string_too_short":
            return field, index, FileError(field, "", "is empty", "give one value a slot")
        case "model_type" | "list_type":
            kind = "array" if item["type"] == "list_type" else "object"
            return field, index, FileError(field, value, f"is no {kind}", "write what docs/planner.md shows")
        case "float_type" | "int_type":
            kind = "whole number" if item["type"] == "int_type" else "number"
            return field, index, FileError(field, value, f"is not a {kind}", f"write a {kind} without quotes")
    return field, index, FileError(field, value, f"is not usable: {item['msg']}", "write what docs/planner.md shows")


def _field(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text if text.isascii() and text.isprintable() else shown(text)


def _blank(fields: dict[str, Any], location: tuple[int | str, ...]) -> None:
    """Put None where a fault is, so that it isn't compared with others but still counts as a value."""
    owner: Any = fields
    for part, next_part in pairwise(location):
        if not isinstance(owner[part], list if isinstance(next_part, int) else dict):
            owner[part] = None  # one value that stands for an array
            return
        owner = owner[part]
    owner[location[-1]] = None
