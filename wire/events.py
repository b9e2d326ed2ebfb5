"""Names of events: `vdg.<module>.v1.<Class>`, the full name of the same message in `proto/vdg`."""

from __future__ import annotations

from typing import Any, Final

from wire import accounts, asset, chain, control, flowproof, governance, grid, ledger, market, settlement

MODULES: Final = (accounts, asset, chain, control, flowproof, governance, grid, ledger, market, settlement)


class UnknownEventError(LookupError):
    """No class has this name: the event comes from a newer chain, or from a module that is not in MODULES."""


_CLASSES: Final[dict[str, type[Any]]] = {
    f"vdg.{module.__name__.removeprefix('wire.')}.v1.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "_fields")
}
_NAMES: Final[dict[type[Any], str]] = {cls: name for name, cls in _CLASSES.items()}


def event_name(cls: type[Any]) -> str:
    """The name of an event's class, as `vdg.market.v1.OrderPlaced`.

    Raises: UnknownEventError when the class is not a message of one of MODULES.
    """
    try:
        return _NAMES[cls]
    except KeyError:
        raise UnknownEventError(f"{cls.__module__}.{cls.__qualname__} is no message of wire.events.MODULES") from None


def event_class(name: str) -> type[Any]:
    """The class of a name that `event_name` gives.

    Raises: UnknownEventError when there is none.
    """
    try:
        return _CLASSES[name]
    except KeyError:
        raise UnknownEventError(f"{name!r} names no message of this version: update the client") from None
