"""JSON from outside, read so that nothing in it is overlooked: UTF-8, not too deep, no name twice in an object."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_DEPTH = 64
"""How many arrays and objects may stand in one another: more than any document of ours has."""

# A whole number of more digits is beyond every limit; and converting it would take quadratic time.
_MAX_DIGITS = 40
_SHOWN_CHARACTERS = 60


class BadJson(ValueError):
    """A text can't be used as JSON: ``reason`` goes on from its name ("is not …"), ``way_out`` says what to do."""

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(f"{reason}: {way_out}")
        self.reason = reason
        self.way_out = way_out


class TooDeep(BadJson):
    """A text is nested deeper than `MAX_DEPTH`."""

    def __init__(self) -> None:
        super().__init__(f"is nested too deeply (at most {MAX_DEPTH} deep)", "make it simpler")


class Parsed(NamedTuple):
    """A text's value, and where names stand twice in an object, of which the last counts: ``grids[0].vdg``."""

    value: Any
    repeated: list[str]


def parse_json(text: bytes | bytearray | str) -> Parsed:
    """The value of a text, whose repeated names are left to the caller. Raises: BadJson."""
    decoded = text if isinstance(text, str) else _decoded(text)
    repeating: list[tuple[dict[str, Any], list[str]]] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            often = Counter(name for name, _ in pairs)
            repeating.append((fields, [name for name, times in often.items() if times > 1]))
        return fields

    try:
        value = json.loads(decoded, object_pairs_hook=collect, parse_int=_whole)
    except json.JSONDecodeError as error:
        if "\0" in decoded:
            raise BadJson("is not UTF-8 text: it has NUL bytes, as UTF-16 has", "save it as UTF-8") from error
        place = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise BadJson(f"is not JSON: {place}", "correct it there") from error
    except RecursionError as error:
        raise TooDeep from error
    if decoded.count("[") + decoded.count("{") > MAX_DEPTH and _is_too_deep(value):
        raise TooDeep
    if not repeating:
        return Parsed(value, [])
    return Parsed(value, list(_places(value, "", {id(fields): names for fields, names in repeating})))


def read_json(text: bytes | bytearray | str) -> Any:
    """The value of a text. Raises: BadJson, also for a name that stands twice in an object."""
    value, repeated = parse_json(text)
    if repeated:
        raise BadJson(f"has {', '.join(repeated[:5])} twice in one object", "keep one of them")
    return value


def _decoded(data: bytes | bytearray) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"byte 0x{data[error.start]:02x} in line {line}"
        raise BadJson(f"is not UTF-8 text: {place}", "save it as UTF-8") from error


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [one for one in level if isinstance(one, dict | list)]
        if not level:
            return False
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return True


def _places(value: Any, path: str, repeating: dict[int, list[str]]) -> Iterator[str]:
    """Where the repeated names are, as a path from the top."""
    if isinstance(value, dict):
        for name in repeating.get(id(value), ()):
            yield _joined(path, name)
        for name, inner in value.items():
            yield from _places(inner, _joined(path, name), repeating)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, f"{path}[{index}]", repeating)


def _joined(path: str, name: str) -> str:
    """A path as people read it, safe and short."""
    shown = name if name.isidentifier() and name.isascii() else ascii(name)
    shown = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}..."
    return f"{path}.{shown}" if path else shown
