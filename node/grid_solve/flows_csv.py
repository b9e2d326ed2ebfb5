"""What homes take, from a CSV file: one pass over the whole file, and every fault in it at once.

The first line is ``household,p_w,q_var``; the columns may stand in any order. A byte order mark, either kind of
line ending, blank lines and quoted cells are fine.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from node.market_clear.input_error import InputError

COLUMNS = ("household", "p_w", "q_var")
HEADER = ",".join(COLUMNS)
STDIN = "-"
_MAX_BYTES = 64 * 2**20


class Flow(NamedTuple):
    """What a home takes: active power in W and reactive in var; negative is given."""

    p_w: float
    q_var: float


class FlowsFile(NamedTuple):
    """The flows of a file by household; good for solving only if ``errors`` is empty."""

    flows: dict[str, Flow]
    errors: list[InputError]


def read_flows(source: str, households: Collection[str] | None) -> FlowsFile:
    """Read ``source`` (a path, or ``-`` for standard input) and check it whole; nothing is raised for bad input.

    ``households`` are those of the network; None where they aren't known, because the network has faults itself.
    """
    try:
        if source == STDIN:
            data = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with Path(source).open("rb") as opened:
                data = opened.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        way_out = f"name a readable CSV file, or {STDIN} for standard input"
        return FlowsFile({}, [InputError(None, "file", source, f"cannot be read ({reason})", way_out)])
    if len(data) > _MAX_BYTES:
        return FlowsFile({}, [InputError(None, "file", source, f"is larger than {_MAX_BYTES} bytes", "cut it")])
    return parse_flows(data, households)


def parse_flows(data: bytes, households: Collection[str] | None) -> FlowsFile:
    """Check the bytes of a file: each household once, powers in W and var as finite decimal numbers."""
    parser = _Parser(None if households is None else frozenset(households))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return FlowsFile({}, [InputError(line, "file", "", "is not UTF-8 text", "save it as UTF-8")])
    parser.parse(text)
    return FlowsFile(parser.flows, parser.errors)


class _Parser:
    """The state of one pass over a file."""

    def __init__(self, households: frozenset[str] | None) -> None:
        self.flows: dict[str, Flow] = {}
        self.errors: list[InputError] = []
        self._households = households
        self._first_line_of: dict[str, int] = {}
        self._columns: list[str] | None = None

    def parse(self, text: str) -> None:
        lines = list(io.StringIO(text, newline=""))
        reader = csv.reader(lines, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                way_out = 'close each quote, and write " inside one as ""'
                self._error(line, "line", lines[line - 1].rstrip("\r\n"), f"is not CSV ({error})", way_out)
                continue
            if not any(cell.strip() for cell in cells) and len(cells) <= 1:
                continue
            if self._columns is None:
                self._read_header(line, cells)
            else:
                self._read_row(line, cells, self._columns)
        if self._columns is None and not self.errors:
            self._error(1, "header", "", "is missing: the file is empty", f"start with the line {HEADER}")

    def _read_header(self, line: int, cells: list[str]) -> None:
        self._columns = [cell.strip() for cell in cells]
        if sorted(self._columns) != sorted(COLUMNS):
            self._error(line, "header", ",".join(cells), "is another", f"make the first line {HEADER}")

    def _read_row(self, line: int, cells: list[str], columns: list[str]) -> None:
        if len(cells) != len(columns):
            reason = f"has {len(cells)} cells where the header has {len(columns)}"
            self._error(line, "line", ",".join(cells), reason, "give each column one cell")
            return
        row = dict(zip(columns, cells, strict=True))
        known = self._household(line, row["household"]) if "household" in row else None
        p_w = self._number(line, "p_w", row["p_w"]) if "p_w" in row else None
        q_var = self._number(line, "q_var", row["q_var"]) if "q_var" in row else None
        if known is not None and p_w is not None and q_var is not None:
            self.flows[known] = Flow(p_w, q_var)

    # Both give None for a cell that can't be used, having said why.

    def _household(self, line: int, value: str) -> str | None:
        name = value.strip()
        if not name:
            self._error(line, "household", value, "is empty", "name the household")
        elif self._households is not None and name not in self._households:
            self._error(line, "household", value, "is not in the network", "vdg grid networks NETWORK lists its homes")
        elif name in self._first_line_of:
            reason = f"has flows on line {self._first_line_of[name]} already"
            self._error(line, "household", value, reason, "keep one line per household")
        else:
            self._first_line_of[name] = line
            return name
        return None

    def _number(self, line: int, field: str, value: str) -> float | None:
        text = value.strip()
        # Python would also read 1_000, which no other program writes.
        try:
            number = math.nan if "_" in text else float(text)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        reason = "is not a finite number" if text else "is empty"
        self._error(line, field, value, reason, "write watts or vars as a decimal number, such as -1500.5")
        return None

    def _error(self, line: int, field: str, value: str, reason: str, way_out: str) -> None:
        self.errors.append(InputError(line, field, value, reason, way_out))
