"""A command group that imports a command's module only when that command is used."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from node.cli.groups import ENTRIES, GROUPS, Entry

_OF_COMPLETION = ("install_completion", "show_completion")


class Deferred(TyperCommand):
    """Stands for a command in lists and completion until it is needed."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help)
        self.entry = entry

    def load(self) -> TyperCommand | TyperGroup:
        """Import the real command."""
        module, _, attribute = self.entry.target.partition(":")
        found: Any = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False)
            found.command()(function)
        command = typer.main.get_command(found)
        if not isinstance(command, TyperCommand | TyperGroup):
            raise TypeError(f"{self.entry.target} is neither a command nor a group of typer's")
        command.name = self.name
        # Typer gives every application its own; ours is installed once, for `vdg`.
        command.params = [param for param in command.params if param.name not in _OF_COMPLETION]
        return command


class LazyGroup(TyperGroup):
    """A group whose commands may be `Deferred`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` begin with, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Deferred) else command, rest


class RootGroup(LazyGroup):
    """`vdg` itself, with everything in the table."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, command in commands_of(ENTRIES).items():
            self.add_command(command, name)


def commands_of(entries: Sequence[Entry]) -> dict[str, TyperCommand | TyperGroup]:
    """The commands of a table by their first word, in the table's order."""
    commands: dict[str, TyperCommand | TyperGroup] = {}
    groups: dict[str, LazyGroup] = {}
    for entry in entries:
        first, _, rest = entry.path.partition(" ")
        if not rest:
            commands[first] = Deferred(first, entry)
            continue
        if first not in groups:
            commands[first] = groups[first] = LazyGroup(name=first, help=GROUPS[first], no_args_is_help=True)
        groups[first].add_command(Deferred(rest, entry), rest)
    return commands
