"""A message as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_ANY_WIDTH = 10_000


def print_message(fields: Mapping[str, Any], console: Console) -> None:
    """Print the fields of a message: single values side by side, lists of messages as tables.

    Where a table would break words, its messages are printed one below the other.
    """
    single = Table.grid(padding=(0, 2))
    single.add_column(no_wrap=True)
    single.add_column(overflow="fold")
    tables: list[tuple[str, list[Mapping[str, Any]]]] = []
    _collect(fields, "", single, tables)
    if single.row_count:
        console.print(single)
    for name, rows in tables:
        table = _table(name, rows)
        if console.measure(table, options=console.options.update_width(_ANY_WIDTH)).minimum <= console.width:
            console.print(table)
        else:
            _print_one_by_one(name, rows, console)
    if not single.row_count and not tables:
        console.print("nothing")


def _collect(
    fields: Mapping[str, Any], prefix: str, single: Table, tables: list[tuple[str, list[Mapping[str, Any]]]]
) -> None:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            _collect(value, f"{prefix}{name}.", single, tables)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            tables.append((f"{prefix}{name}", value))
        elif value not in (None, "", []):
            single.add_row(f"{prefix}{name}", Text(text_of(value)))


def _print_one_by_one(name: str, rows: list[Mapping[str, Any]], console: Console) -> None:
    for number, row in enumerate(rows, 1):
        console.print(Text(f"\n{name} {number} of {len(rows)}"))
        print_message(row, console)


def _table(name: str, rows: list[Mapping[str, Any]]) -> Table:
    """One row a message; columns that are empty everywhere are left out."""
    columns = [key for key in rows[0] if any(row.get(key) not in (None, "", []) for row in rows)]
    table = Table(title=name, box=box.SIMPLE_HEAD, title_justify="left")
    for column in columns:
        numbers = all(isinstance(row[column], int) and not isinstance(row[column], bool) for row in rows)
        table.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(text_of(row[column])) for column in columns))
    return table


def text_of(value: Any) -> str:
    """A value in one line; of a list or message, what is in it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        if len(value) > 4 and all(item == value[0] for item in value):
            return f"{text_of(value[0])} x {len(value)}"
        return ", ".join(text_of(item) for item in value)
    if isinstance(value, Mapping):
        return " ".join(f"{key}={field_text(item)}" for key, item in value.items() if item not in (None, "", []))
    return "" if value is None else str(value)


def field_text(value: Any) -> str:
    """A value as it stands behind its name, so that where a message in it ends is seen."""
    return f"({text_of(value)})" if isinstance(value, Mapping) else text_of(value)
