"""Which messages there are, and of what fields, read from the wire types' annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args, get_type_hints

from wire.events import MODULES
from wire.fields import Field
from wire.tx import MESSAGES

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class FieldOf(NamedTuple):
    """A field of a message; ``spec.kind`` is one of uint, sint, flag, raw, text, enum, message."""

    name: str
    spec: Field


class Query(NamedTuple):
    """A query: asked at ``path`` with a ``request``, answered with a ``response``."""

    module: str
    name: str
    request: type[Any]
    response: type[Any]

    @property
    def path(self) -> str:
        """Where the application answers it, as ``/market/GetBook``."""
        return f"/{self.module}/{self.request.__name__.removesuffix('Request')}"

    @property
    def command(self) -> str:
        """What is typed after `vdg query <module>`: ``get_book`` is ``book``, ``list_debts`` is ``debts``."""
        return self.name.removeprefix("get_").removeprefix("list_").replace("_", "-")


def snake_case(name: str) -> str:
    """``PlaceOrder`` becomes ``place_order``, as in TxBody's oneof."""
    return _HUMP.sub("_", name).lower()


def module_of(cls: type[Any]) -> str:
    """The module that a message belongs to, as ``market``."""
    return cls.__module__.rpartition(".")[2]


_FIELDS: dict[type[Any], tuple[FieldOf, ...]] = {}


def fields_of(cls: type[Any]) -> tuple[FieldOf, ...]:
    """A message's fields in order."""
    if cls not in _FIELDS:
        _FIELDS[cls] = _read_fields(cls)
    return _FIELDS[cls]


def _read_fields(cls: Any) -> tuple[FieldOf, ...]:
    hints = get_type_hints(cls, include_extras=True)
    found: list[FieldOf] = []
    for name in cls._fields:
        spec = next(item for item in get_args(hints[name])[1:] if isinstance(item, Field))
        found.append(FieldOf(name, spec))
    return tuple(found)


def choice_in(cls: type[Any]) -> FieldOf | None:
    """The field whose message is a choice: one of several messages, each in a field of its own; None without one."""
    for field in fields_of(cls):
        if field.spec.kind == "message" and not field.spec.repeated and is_choice(field.spec.type):
            return field
    return None


def is_choice(cls: type[Any]) -> bool:
    """Whether all fields are single messages, of which one is given."""
    fields = fields_of(cls)
    return len(fields) > 1 and all(field.spec.kind == "message" and not field.spec.repeated for field in fields)


def short_name(member: IntEnum) -> str:
    """An enum's value as people write it: ``SIDE_BID`` is ``bid``."""
    return member.name.removeprefix(snake_case(type(member).__name__).upper() + "_").lower()


def short_names(type_: type[IntEnum]) -> dict[str, IntEnum]:
    """The values that people may give, by short name; zero means "unspecified" and is not among them."""
    return {short_name(member): member for member in type_ if member}


def _all_messages() -> dict[str, type[Any]]:
    return {
        name: value
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "_fields")
    }


def _all_queries() -> dict[str, Query]:
    queries: dict[str, Query] = {}
    for name, request in _MESSAGES.items():
        if name.endswith("Request"):
            short = snake_case(name.removesuffix("Request"))
            response = _MESSAGES[name.removesuffix("Request") + "Response"]
            queries[short] = Query(module_of(request), short, request, response)
    return queries


_MESSAGES: Final = _all_messages()

# What can be sent, by the name of TxBody's oneof, in the order of its numbers.
TRANSACTIONS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {snake_case(cls.__name__): cls for _, cls in sorted(MESSAGES.items())}
)
# What can be asked, by name.
QUERIES: Final[Mapping[str, Query]] = MappingProxyType(_all_queries())
# What can be reported, by name: every message whose docstring calls it an event.
EVENTS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {snake_case(name): cls for name, cls in _MESSAGES.items() if (cls.__doc__ or "").startswith("Event:")}
)
