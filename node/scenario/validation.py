"""Pydantic's findings as problems of a file, each with its line and a way out."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from node.messages.reading import Path, did_you_mean
from node.scenario.document import Document
from node.scenario.problem import Problem

NAME_WAY_OUT = "give 1 to 64 of a-z 0-9 . _ - that start with a letter or digit"
M = TypeVar("M", bound=BaseModel)


def read_part(document: Document, model: type[M], data: Any, path: Path, problems: list[Problem]) -> M:
    """Part of a file by its model. Faults go into ``problems``; faulty fields are then as if left out.

    So everything that depends on the part can be looked at as well, and all faults of a file are found at once.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems += problems_of(error, document, model, path)
        faulty = {item["loc"][0] for item in error.errors(include_url=False) if item["loc"]}
        rest = {key: value for key, value in data.items() if key not in faulty} if isinstance(data, dict) else {}
        return model.model_validate(rest)


def problems_of(
    error: ValidationError,
    document: Document,
    model: type[BaseModel],
    base: Path = (),
    shifts: dict[Path, int] | None = None,
) -> list[Problem]:
    """The problems, in order. ``base`` is where the model's data stand in the file.

    ``shifts`` says of lists how many of their first entries are not the file's.
    """
    found: dict[tuple[Path, str], Problem] = {}
    for item in error.errors(include_url=False, include_context=False):
        loc = tuple(part for part in item["loc"] if not _is_branch(part))
        path = base + _shifted(loc, shifts or {})
        way_out = _way_out(item["type"], item["msg"], loc, model)
        found.setdefault((path, way_out), document.problem(path, item.get("input"), way_out))
    return list(found.values())


def _is_branch(part: int | str) -> bool:
    """Whether part of a location names a branch of a union, which is nothing in the file."""
    return isinstance(part, str) and (part in ("int", "str", "[key]") or part.startswith(("dict[", "function-")))


def _shifted(loc: Path, shifts: dict[Path, int]) -> Path:
    for place, shift in shifts.items():
        index = loc[len(place)] if len(loc) > len(place) and loc[: len(place)] == place else None
        if isinstance(index, int):
            return (*place, index - shift, *loc[len(place) + 1 :]) if index >= shift else place
    return loc


def _way_out(kind: str, message: str, loc: Path, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        return f"no such field; {did_you_mean(str(loc[-1]), _fields_at(loc[:-1], model))}"
    if kind == "missing":
        return "is missing: give it"
    if kind == "model_type":
        return f"give a mapping with {', '.join(_fields_at(loc, model))}"
    if kind == "string_pattern_mismatch":
        return NAME_WAY_OUT
    return message.removeprefix("Value error, ")


def _fields_at(loc: Path, model: type[BaseModel]) -> list[str]:
    """The fields of the model that stands at a location."""
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, str) and current is not None and part in current.model_fields:
            current = _model_in(current.model_fields[part].annotation)
    return list(current.model_fields) if current else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as ``list[Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
