"""Events are named as their messages in proto."""

from __future__ import annotations

from importlib import import_module

import pytest

from wire import events, market


def test_names_and_classes_belong_together() -> None:
    assert events.event_name(market.OrderPlaced) == "vdg.market.v1.OrderPlaced"
    assert events.event_class("vdg.market.v1.OrderPlaced") is market.OrderPlaced


@pytest.mark.parametrize("module", events.MODULES, ids=lambda module: module.__name__)
def test_every_message_of_a_module_is_in_proto_under_the_same_name(module: object) -> None:
    name = module.__name__.removeprefix("wire.")  # type: ignore[attr-defined]  # it is a module
    proto = import_module(f"wire.gen.vdg.{name}.v1.{name}_pb2").DESCRIPTOR.message_types_by_name
    classes = [
        value for value in vars(module).values() if hasattr(value, "_fields") and value.__module__ == f"wire.{name}"
    ]
    assert {events.event_name(cls) for cls in classes} == {message.full_name for message in proto.values()}
    assert all(events.event_class(events.event_name(cls)) is cls for cls in classes)


def test_what_is_no_message_has_no_name_and_no_class() -> None:
    with pytest.raises(events.UnknownEventError, match="update the client"):
        events.event_class("vdg.future.v1.Flown")
    with pytest.raises(events.UnknownEventError, match=r"builtins\.int"):
        events.event_name(int)
