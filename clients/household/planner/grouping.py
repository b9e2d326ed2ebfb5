"""Faults of one kind in many of an array's values, told as one."""

from __future__ import annotations

from clients.common.file_error import FileError
from clients.household.planner.vector import runs


def grouped(errors: list[tuple[str, int | None, FileError]]) -> list[FileError]:
    """Faults with the field (without an index), the index in it and the fault; those of one kind become one."""
    together: dict[tuple[str, str, str], list[tuple[int | None, FileError]]] = {}
    for field, index, error in errors:
        together.setdefault((field, error.reason, error.way_out), []).append((index, error))
    merged = []
    for (field, reason, way_out), found in together.items():
        indices = sorted(index for index, _ in found if index is not None)
        place = f"{field}[{runs(indices)}]" if indices else field
        first = found[0][1].value
        value = first if all(error.value == first for _, error in found) else f"{first} and others"
        merged.append(FileError(place, value, reason, way_out))
    return merged
