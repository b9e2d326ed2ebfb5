"""Names, numbers and types in Python are those of the proto files; so are services, enums and events."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from abci_app.registry import MODULES, Registry
from tests.wire.messages import MODULE_NAMES, message_types, proto_class, proto_module, specs
from wire import events, tx
from wire.fields import Field, OneOf

_KINDS = {
    "uint": FieldDescriptor.TYPE_UINT64,
    "sint": FieldDescriptor.TYPE_SINT64,
    "flag": FieldDescriptor.TYPE_BOOL,
    "raw": FieldDescriptor.TYPE_BYTES,
    "text": FieldDescriptor.TYPE_STRING,
    "enum": FieldDescriptor.TYPE_ENUM,
    "message": FieldDescriptor.TYPE_MESSAGE,
}


def _python_name(full_name: str) -> str:
    _, module, _, name = full_name.split(".")
    return f"wire.{module}.{name}"


def _describe(descriptor: Any) -> tuple[str, int, int, bool, str]:
    named = descriptor.message_type or descriptor.enum_type
    target = _python_name(named.full_name) if named else ""
    return descriptor.name, descriptor.number, descriptor.type, descriptor.is_repeated, target


def _expected(name: str, spec: Field) -> tuple[str, int, int, bool, str]:
    target = f"{spec.type.__module__}.{spec.type.__name__}" if spec.type else ""
    return name, spec.number, _KINDS[spec.kind], spec.repeated, target


@pytest.mark.parametrize("type_", message_types(), ids=lambda type_: type_.__name__)
def test_fields_are_those_of_the_proto_file(type_: Any) -> None:
    described = {_describe(field) for field in proto_class(type_).DESCRIPTOR.fields}
    expected = set()
    for name, spec in specs(type_).items():
        if isinstance(spec, OneOf):
            (choice,) = proto_class(type_).DESCRIPTOR.oneofs
            assert choice.name == name
            options = {field.number: _python_name(field.message_type.full_name) for field in choice.fields}
            assert options == {number: f"{t.__module__}.{t.__name__}" for number, t in spec.types}
            described -= {_describe(field) for field in choice.fields}
        else:
            expected.add(_expected(name, spec))
    assert described == expected


@pytest.mark.parametrize("name", MODULE_NAMES)
def test_no_message_and_no_enum_of_a_proto_file_is_missing_in_python(name: str) -> None:
    file = proto_module(name).DESCRIPTOR
    ours = __import__(f"wire.{name}", fromlist=[name])
    assert set(file.message_types_by_name) == {t.__name__ for t in message_types() if t.__module__ == ours.__name__}
    for enum_name, enum in file.enum_types_by_name.items():
        python: type[IntEnum] = getattr(ours, enum_name)
        assert {value.name: value.number for value in enum.values} == {m.name: int(m) for m in python}


@pytest.mark.parametrize("name", [module.name for module in MODULES])
def test_every_query_of_a_service_is_answered_and_no_other(name: str) -> None:
    registry = Registry(tuple(module.name for module in MODULES))
    paths = {path for path in registry.queries if path.startswith(f"/{name}/")}
    methods = [
        (method, service)
        for service in proto_module(name).DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    assert paths == {f"/{name}/{method.name}" for method, _ in methods}
    for method, _ in methods:
        request, _query = registry.queries[f"/{name}/{method.name}"]
        assert _python_name(method.input_type.full_name) == f"{request.__module__}.{request.__name__}"
        assert method.output_type.name == method.name + "Response"


def test_every_message_of_the_oneof_has_a_handler_and_a_number_of_its_modules_decade() -> None:
    registry = Registry(tuple(module.name for module in MODULES))
    assert set(registry.actions) == set(tx.MESSAGES.values())
    decades: dict[int, set[str]] = {number // 10: set() for number in tx.MESSAGES}
    for number, type_ in tx.MESSAGES.items():
        decades[number // 10].add(type_.__module__)
    assert all(len(modules) == 1 for modules in decades.values())


def test_names_of_events_go_both_ways_and_strangers_are_refused() -> None:
    for type_ in message_types():
        if type_.__module__ != "wire.tx":
            name = events.event_name(type_)
            assert events.event_class(name) is type_
            assert name == proto_class(type_).DESCRIPTOR.full_name
    with pytest.raises(events.UnknownEventError, match=r"int"):
        events.event_name(int)
    with pytest.raises(events.UnknownEventError, match="update the client"):
        events.event_class("vdg.market.v9.Nothing")
