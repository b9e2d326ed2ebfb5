"""JSON files that a pydantic model describes: read, or refused in the words in which all files are."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from clients.common.file_error import BadFile, FileError, shown
from clients.common.json_file import JsonKind

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


class FilePart(BaseModel):
    """An object of a file: no unknown fields, no silent conversions, immutable once read."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


M = TypeVar("M", bound=FilePart)


def parse_model(kind: JsonKind, model: type[M], data: bytes) -> tuple[M, list[FileError]]:
    """What the bytes of a file say, and the faults that the model doesn't see (names that stand there twice).

    Raises: BadFile with everything that is wrong.
    """
    fields, faults = kind.parse(data)
    try:
        return model.model_validate(fields), faults
    except ValidationError as error:
        raise BadFile(faults + _faults(error)) from error


def _faults(error: ValidationError) -> list[FileError]:
    """Every fault with its field, its value and a way out."""
    faults = []
    for item in error.errors(include_url=False):
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).removeprefix(".")
        value = "" if item["type"] == "missing" else shown(item["input"])
        faults.append(FileError(field or "file", value, item["msg"], _WAYS_OUT.get(item["type"], "correct it")))
    return faults
