"""JSON files that people write for commands: read with a limit, and parsed so that nothing in them is overlooked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

from clients.common.file_error import BadFile, FileError, shown
from wire.strict_json import BadJson, TooDeep, parse_json

STDIN = "-"


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
        try:
            fields, repeated = parse_json(data)
        except TooDeep as error:
            raise BadFile([FileError("file", "", error.reason, self.if_too_deep)]) from error
        except BadJson as error:
            raise BadFile([FileError("file", "", error.reason, error.way_out)]) from error
        if not isinstance(fields, dict):
            raise BadFile([FileError("file", shown(fields), "is no JSON object", f"write {self.shape}")])
        reason, way_out = "stands there twice in one object", "keep one of them"
        return fields, [FileError(place, "", reason, way_out) for place in repeated]
