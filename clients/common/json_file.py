"""JSON files that people write for commands: read with a limit, and parsed so that nothing in them is overlooked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from clients.common.file_error import BadFile, FileError, shown

STDIN = "-"

# A whole number of more digits is beyond every limit; and converting it would take quadratic time.
_MAX_DIGITS = 40


class JsonKind(NamedTuple):
    """What files of one command are: their largest size, and the ways out that its author is told."""

    max_bytes: int
    shape: str
    if_too_large: str
    if_too_deep: str

    def read(self, source: str) -> bytes:
        """The bytes of a file (a path, or ``-`` for standard input); one more than the most, if there are more.

        Raises: BadFile when it can't be read.
        """
        try:
            if source == STDIN:
                return sys.stdin.buffer.read(self.max_bytes + 1)
            with Path(source).open("rb") as file:
                return file.read(self.max_bytes + 1)
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            way_out = f"name a readable JSON file, or {STDIN} for standard input"
            raise BadFile([FileError("file", "", f"can't be read ({reason})", way_out)]) from error

    def parse(self, data: bytes) -> tuple[dict[str, Any], list[FileError]]:
        """The object that a file is, and its names that stand twice in an object, of which the last counts.

        Raises: BadFile when it is too large, no UTF-8 text, no JSON, nested too deeply or no object.
        """
        if len(data) > self.max_bytes:
            raise BadFile([FileError("file", "", f"is larger than {self.max_bytes} bytes", self.if_too_large)])
        repeated: list[FileError] = []

        def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            fields: dict[str, Any] = {}
            for name, value in pairs:
                if name in fields:
                    repeated.append(FileError(shown(name), "", "stands there twice in one object", "keep one of them"))
                fields[name] = value
            return fields

        try:
            fields = json.loads(data.decode("utf-8-sig"), object_pairs_hook=collect, parse_int=_whole)
        except UnicodeDecodeError as error:
            raise BadFile([FileError("file", "", "is not UTF-8 text", "save it as UTF-8")]) from error
        except json.JSONDecodeError as error:
            reason = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
            raise BadFile([FileError("file", "", reason, "correct it there")]) from error
        except RecursionError as error:
            raise BadFile([FileError("file", "", "is nested too deeply", self.if_too_deep)]) from error
        if not isinstance(fields, dict):
            raise BadFile([FileError("file", shown(fields), "is no JSON object", f"write {self.shape}")])
        return fields, repeated


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)
