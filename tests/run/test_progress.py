"""Without a terminal the display prints lines, and says what goes wrong."""

from __future__ import annotations

import io

from rich.console import Console

from node.run.daylog import DayLog
from node.run.progress import Display
from wire.ledger import DebtChanged
from wire.results import Code

LATE = "GATE_CLOSED: slot = 5: the gate of [intraday] has closed, and this explanation is longer than a line is wide"


def told(out: io.StringIO) -> list[str]:
    """The troubles printed so far."""
    return [line.strip() for line in out.getvalue().splitlines() if line.startswith("  trouble")]


def test_a_new_kind_of_trouble_is_a_line_and_so_is_one_that_has_doubled_and_the_rest_comes_in_the_end() -> None:
    out = io.StringIO()
    day = DayLog(144, 3)
    with Display(day, 0, 5, Console(file=out, width=80), quiet=False) as display:
        for _ in range(55):
            day.add_result(Code.GATE_CLOSED, LATE)
        display.print_line()
        assert told(out) == [f"trouble (55 of its kind so far): {LATE}"]
        day.add_result(Code.GATE_CLOSED, LATE)
        day.add_result(Code.OK, "")
        day.add_event(DebtChanged(b"a" * 20, b"b" * 20, "deviation", 7), 0.0)
        display.print_line()
        display.print_line()
        assert told(out)[1:] == ["trouble (1 of its kind so far): debt of 7 nEUR for deviation"]
    assert told(out)[2:] == [f"trouble (56 of its kind so far): {LATE}"]


def test_troubles_by_the_thousand_are_a_few_lines() -> None:
    out = io.StringIO()
    day = DayLog(144, 3)
    with Display(day, 0, 5, Console(file=out, width=80), quiet=False) as display:
        for slot in range(1_000):
            day.add_result(Code.GATE_CLOSED, f"GATE_CLOSED: slot = {slot}\nclosed")
            display.print_line()
    assert len(told(out)) == 11
    assert told(out)[-1] == "trouble (1000 of its kind so far): GATE_CLOSED: slot = 999 closed"


def test_nothing_is_printed_where_it_is_not_wanted() -> None:
    out = io.StringIO()
    day = DayLog(144, 3)
    with Display(day, 0, 5, Console(file=out), quiet=True) as display:
        day.add_result(Code.GATE_CLOSED, LATE)
        display.refresh()
    assert out.getvalue() == ""
