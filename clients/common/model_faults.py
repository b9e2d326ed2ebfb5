"""What pydantic found wrong with a file, in the words in which all files are refused."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from clients.common.file_error import FileError, shown

_WAYS_OUT: Final = {
    "missing": "add it",
    "extra_forbidden": "remove it, or correct its name",
    "int_type": "write a whole number, unquoted",
    "int_from_float": "write a whole number, unquoted",
    "bool_type": "write true or false",
    "list_type": "write a list",
    "literal_error": "write one of these",
    "enum": "write one of these",
}


def faults_of(error: ValidationError) -> list[FileError]:
    """Every fault with its field, its value and a way out."""
    faults = []
    for item in error.errors(include_url=False):
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).removeprefix(".")
        value = "" if item["type"] == "missing" else shown(item["input"])
        faults.append(FileError(field or "file", value, item["msg"], _WAYS_OUT.get(item["type"], "correct it")))
    return faults
