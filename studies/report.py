"""A study's report: what is in it, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Table(NamedTuple):
    """Cells are ready to be shown."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Claim(NamedTuple):
    """What the thesis says, with its figure or section, what we found, and why that differs (or doesn't)."""

    thesis: str
    where: str
    ours: str
    why: str


class Plot(NamedTuple):
    """``name`` is part of a file's name, ``svg`` a whole document."""

    name: str
    caption: str
    svg: str


@dataclass
class Section:
    """A heading and what stands below it."""

    heading: str
    text: str = ""
    table: Table | None = None
    plots: list[Plot] = field(default_factory=list)


@dataclass
class Report:
    """``figures`` are the same results for programs: names with units, numbers."""

    name: str
    title: str
    command: str
    settings: dict[str, Any]
    claims: list[Claim]
    sections: list[Section]
    figures: dict[str, Any]

    def all_sections(self) -> list[Section]:
        """The thesis beside ours first."""
        rows = [tuple(claim) for claim in self.claims]
        beside = Section("Beside the thesis", table=Table(("the thesis", "where", "ours", "why"), rows))
        return [beside, *self.sections]
