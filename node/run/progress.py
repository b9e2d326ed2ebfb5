"""The live display of a run: slot, block, prices, energy, proofs, the last errors."""

from __future__ import annotations

import time
from collections import deque
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from clients.common.slots import SLOTS_PER_DAY
from node.run.daylog import DayLog
from node.run.report import CENT_PER_KWH

# Without a terminal a line is printed this often.
_LINE_SECONDS = 10.0
_TROUBLE_CHARACTERS = 300


class Display(AbstractContextManager["Display"]):
    """Shows a DayLog: redrawn in a terminal, else as a line now and then; silent when not wanted."""

    def __init__(self, day: DayLog, epoch_s: int, slot_seconds: int, console: Console, quiet: bool) -> None:
        self._day = day
        self._epoch_s = epoch_s
        self._slot_seconds = slot_seconds
        self._console = console
        self._quiet = quiet
        redrawn = console.is_terminal and not console.is_dumb_terminal and not quiet
        self._live = Live(console=console, refresh_per_second=4) if redrawn else None
        self._next_line = 0.0
        self.notes: deque[str] = deque(maxlen=4)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.update(self._panel())
            self._live.stop()
        elif not self._quiet:
            self._tell_troubles(all_of_it=True)

    def note(self, text: str) -> None:
        """Tell of something that is being done."""
        self.notes.append(text)
        if self._live is None and not self._quiet:
            self._console.print(text)

    def refresh(self) -> None:
        """Show how things stand."""
        if self._live is not None:
            self._live.update(self._panel())
        elif not self._quiet and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_SECONDS
            self.print_line()

    def print_line(self) -> None:
        """Print how things stand as a line, and troubles that are news below."""
        self._console.print(self._line())
        self._tell_troubles()

    def _tell_troubles(self, all_of_it: bool = False) -> None:
        """Print kinds of troubles that are new, or have doubled, and in the end what has come since then."""
        for kind in self._day.troubles.news(all_of_it):
            text = " ".join(kind.text.split())[:_TROUBLE_CHARACTERS]
            line = f"  trouble ({kind.count} of its kind so far): {text}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    @property
    def _slot(self) -> int:
        """The slot of the day: negative before it, beyond its last one after it."""
        return (int(time.time()) - self._epoch_s) // self._slot_seconds - self._day.first_slot

    def _when(self) -> str:
        slot = self._slot
        if slot < 0:
            return f"the day begins in {-slot} slots"
        if slot >= self._day.slots:
            return "the day is over; the last slots are being proved and settled"
        of_day = (slot + self._day.first_slot) % SLOTS_PER_DAY
        return f"slot {slot} of {self._day.slots} ({of_day // 6:02d}:{of_day % 6}0)"

    def _prices(self) -> str:
        if self._day.last_prices is None:
            return "none yet"
        buy, sell = self._day.last_prices
        return f"{buy / CENT_PER_KWH:.1f} / {sell / CENT_PER_KWH:.1f} c€/kWh"

    def _facts(self) -> list[tuple[str, str]]:
        day = self._day
        traded = sum(slot.traded_wh for slot in day.by_slot.values())
        verified = sum(slot.verified_wh for slot in day.by_slot.values())
        return [
            ("block", f"{day.height}"),
            ("last prices (buy / sell)", self._prices()),
            ("energy", f"{traded / 1000:.1f} kWh traded, {verified / 1000:.1f} kWh verified"),
            ("books", f"{day.books_cleared} cleared, {day.books_traded} with trade"),
            (
                "contracts",
                f"{day.contracts_made} made, {day.contracts_settled} settled, {day.contracts_unwound} unwound",
            ),
            ("proofs of flow", f"{day.proofs}"),
            ("slots settled", f"{day.slots_settled} of {day.slots}"),
            ("transactions", f"{sum(day.results.values())} in blocks, {self._refused()} refused"),
        ]

    def _refused(self) -> int:
        return sum(count for code, count in self._day.results.items() if code)

    def _panel(self) -> Panel:
        table = Table.grid(padding=(0, 2))
        for name, value in self._facts():
            table.add_row(Text(name, style="dim"), value)
        done = min(max(self._slot, 0), self._day.slots)
        parts: list[Text | ProgressBar | Table] = [
            Text(self._when(), style="bold"),
            ProgressBar(total=self._day.slots, completed=done, width=60),
            table,
        ]
        parts += [Text(note, style="cyan") for note in self.notes]
        parts += [Text(trouble[:110], style="yellow") for trouble in self._day.troubles.last]
        return Panel(Group(*parts), title="vdg run", border_style="blue")

    def _line(self) -> str:
        return f"{self._when()}: " + ", ".join(f"{name} {value}" for name, value in self._facts())
