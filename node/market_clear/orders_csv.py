"""Orders from a CSV file: one pass over the whole file, and every fault in it at once.

The first line is ``account,side,energy_wh,limit_price_neur_per_wh``; the columns may stand in any order. A byte
order mark, either kind of line ending, blank lines and quoted cells are fine.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from abci_app.modules.market.clearing import Order
from node.market_clear.input_error import InputError, quoted
from wire.codec import MAX_INT64

COLUMNS = ("account", "side", "energy_wh", "limit_price_neur_per_wh")
HEADER = ",".join(COLUMNS)
STDIN = "-"

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
# Longer than any 64-bit number: such digits are never converted, which would take quadratic time.
_MAX_DIGITS = 40
_SURROGATES = re.compile("[\ud800-\udfff]")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class OrdersFile(NamedTuple):
    """The orders of a file, in its order; good for clearing only if ``errors`` is empty."""

    bids: list[Order]
    asks: list[Order]
    errors: list[InputError]


class _Row(NamedTuple):
    line: int
    cells: list[str]


def read_orders(source: str) -> OrdersFile:
    """Read ``source`` (a path, or ``-`` for standard input) and check it whole; nothing is raised for bad input."""
    try:
        data = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        way_out = f"name a readable CSV file, or {STDIN} for standard input"
        return OrdersFile([], [], [InputError(None, "file", source, f"cannot be read ({reason})", way_out)])
    return parse_orders(data)


def parse_orders(data: bytes) -> OrdersFile:
    """Check the bytes of a file: energies in Wh, prices in nano-euro per Wh, both 1 to 2^63 - 1.

    A side's energies and an order's and all bids' energy times price must stay within signed 64 bits too, as
    every amount on the chain does.
    """
    parser = _Parser()
    parser.parse(data)
    return OrdersFile(parser.bids, parser.asks, parser.errors)


class _Parser:
    """The state of one pass over a file."""

    def __init__(self) -> None:
        self.bids: list[Order] = []
        self.asks: list[Order] = []
        self.errors: list[InputError] = []
        self._first_line_of: dict[str, int] = {}
        self._columns: list[str] = []
        self._totals = {"bid energy": 0, "ask energy": 0, "bid value": 0}

    def parse(self, data: bytes) -> None:
        if data.startswith(_UTF_16_MARKS):
            self._error(1, "file", "", "is UTF-16 text", "save it as UTF-8")
            return
        # Bytes that are not UTF-8 become lone surrogates, so that each is reported with its line.
        rows = self._rows(data.decode("utf-8-sig", "surrogateescape"))
        header = next(rows, None)
        if header is None:
            if not self.errors:
                self._error(1, "header", "", "is missing: the file is empty", f"start with the line {HEADER}")
            return
        self._read_header(header)
        for row in rows:
            self._read_row(row)

    def _rows(self, text: str) -> Iterator[_Row]:
        """The lines that say something. A line that is no CSV is reported, and reading goes on after it."""
        lines = list(io.StringIO(text, newline=""))
        reader = csv.reader(lines, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                way_out = 'close each quote, and write " inside one as ""'
                self._error(line, "line", lines[line - 1].rstrip("\r\n"), f"is not CSV ({error})", way_out)
                continue
            if any(cell.strip() for cell in cells) or len(cells) > 1:
                yield _Row(line, cells)

    def _read_header(self, header: _Row) -> None:
        self._columns = [cell.strip() for cell in header.cells]
        faults = {
            "lacks": [name for name in COLUMNS if name not in self._columns],
            "has the unknown": [name for name in self._columns if name not in COLUMNS],
            "repeats": [name for name in COLUMNS if self._columns.count(name) > 1],
        }
        reasons = [f"{fault} {', '.join(map(_shown, names))}" for fault, names in faults.items() if names]
        if reasons:
            way_out = f"make the first line {HEADER}"
            self._error(header.line, "header", ",".join(header.cells), " and ".join(reasons), way_out)

    def _read_row(self, row: _Row) -> None:
        if len(row.cells) != len(self._columns):
            reason = f"has {len(row.cells)} cells where the header has {len(self._columns)}"
            way_out = "give each column one cell, and quote a name that has a comma in it"
            self._error(row.line, "line", ",".join(row.cells), reason, way_out)
            return
        cells = dict(zip(self._columns, row.cells, strict=True))
        faults_before = len(self.errors)
        account = self._account(row.line, cells.get("account"))
        side = self._side(row.line, cells.get("side"))
        energy_wh = self._whole_number(row.line, "energy_wh", cells.get("energy_wh"))
        price = self._whole_number(row.line, "limit_price_neur_per_wh", cells.get("limit_price_neur_per_wh"))
        if energy_wh is None or price is None:
            return
        self._check_amounts(row.line, side, energy_wh, price)
        if account is not None and side is not None and len(self.errors) == faults_before:
            book = self.bids if side == "bid" else self.asks
            book.append(Order(account.encode(), energy_wh, price))

    # Each of the following gives None for a cell that cannot be used, having said why; a column that is missing
    # from the header (value None) has been reported there.

    def _account(self, line: int, value: str | None) -> str | None:
        if value is None:
            return None
        if _SURROGATES.search(value):
            self._error(line, "account", value, "is not UTF-8", "save the file as UTF-8")
        elif not value.strip():
            self._error(line, "account", value, "is empty", "name the account")
        elif value != value.strip():
            self._error(line, "account", value, "has spaces around it", "remove them")
        elif not value.isprintable():
            self._error(line, "account", value, "has characters that cannot be printed", "remove them")
        elif value in self._first_line_of:
            reason = f"has an order on line {self._first_line_of[value]} already"
            self._error(line, "account", value, reason, "keep one order per account")
        else:
            self._first_line_of[value] = line
            return value
        return None

    def _side(self, line: int, value: str | None) -> str | None:
        if value is None:
            return None
        if value.strip() in ("bid", "ask"):
            return value.strip()
        self._error(line, "side", value, "is neither bid nor ask", "write bid to buy or ask to sell")
        return None

    def _whole_number(self, line: int, field: str, value: str | None) -> int | None:
        if value is None:
            return None
        digits = value.strip()
        way_out = f"write a whole number from 1 to {MAX_INT64}"
        if not _WHOLE_NUMBER.fullmatch(digits):
            self._error(line, field, value, "is not a whole number" if digits else "is empty", way_out)
            return None
        magnitude = digits.lstrip("+-").lstrip("0") or "0"
        if len(magnitude) > _MAX_DIGITS or int(magnitude) > MAX_INT64:
            self._error(line, field, value, "does not fit into signed 64 bits", way_out)
            return None
        if digits.startswith("-") or magnitude == "0":
            self._error(line, field, value, "is not positive", way_out)
            return None
        return int(magnitude)

    def _check_amounts(self, line: int, side: str | None, energy_wh: int, price_neur_per_wh: int) -> None:
        value_neur = energy_wh * price_neur_per_wh
        if value_neur > MAX_INT64:
            product = f"{energy_wh} * {price_neur_per_wh}"
            reason = f"is {value_neur} neur, which does not fit into signed 64 bits"
            self._error(line, "energy_wh * limit_price_neur_per_wh", product, reason, "lower one of them")
        elif side is not None:
            self._add(line, f"{side} energy", energy_wh, "energy_wh", "Wh")
            if side == "bid":
                self._add(line, "bid value", value_neur, "energy_wh * limit_price_neur_per_wh", "neur")

    def _add(self, line: int, total: str, amount: int, field: str, unit: str) -> None:
        """Keep a running total; the line that first takes it past 64 bits is the faulty one."""
        before = self._totals[total]
        self._totals[total] = before + amount
        if before <= MAX_INT64 < before + amount:
            reason = f"takes the file's {total} to {before + amount} {unit}, beyond signed 64 bits"
            self._error(line, field, str(amount), reason, "split the file or lower the amounts")

    def _error(self, line: int, field: str, value: str, reason: str, way_out: str) -> None:
        self.errors.append(InputError(line, field, value, reason, way_out))


def _shown(name: str) -> str:
    return name if name in COLUMNS else quoted(name)
