"""Sessions of real-time control in a run's report: what started them, in the words of the DSO's daemon."""

from __future__ import annotations

import json
from pathlib import Path

from node.run.control_day import ControlDay
from node.run.control_section import control_section
from node.run.control_why import read_whys
from wire.control import (
    ControlClosed,
    ControlLaw,
    ControlOpened,
    ControlOutcome,
    ControlReason,
    ControlSession,
    ControlTerms,
    PccLimit,
)

WHY = "transformer at transformer00001: 107.00 % where 70 % is allowed"


def test_what_started_a_session_is_told_with_place_and_value_where_its_daemon_still_knows(tmp_path: Path) -> None:
    limit = PccLimit("f01-a", 3, True, -900, False, 0, "transformer", "")
    reason, law = ControlReason.CONTROL_REASON_FORECAST, ControlLaw.CONTROL_LAW_SECANT
    terms = ControlTerms(reason, law, (limit,), 0, 10, 60, 5, bytes(32))
    day = ControlDay()
    for number, time_s in ((1, 10.0), (2, 20.0)):
        opened = ControlSession(vdg="v", slot=217, session=number, terms=terms)
        day.add(ControlOpened(opened), time_s)
        closed = opened._replace(outcome=ControlOutcome.CONTROL_OUTCOME_CONVERGED)
        day.add(ControlClosed(closed), time_s + 1)
    status_file = tmp_path / "status.json"
    assert read_whys(status_file) is None
    told = [{"slot": 217, "session": 2, "why": WHY}]
    status_file.write_text(json.dumps({"running": False, "time_s": 0, "control": told}))
    report = day.report(range(144, 288), 144, {}, read_whys(status_file))
    assert report is not None
    assert [(session.slot, session.reason, session.why) for session in report.sessions] == [
        (73, "forecast", None),
        (73, "forecast", WHY),
    ]
    assert WHY in control_section(report)
    status_file.write_text(json.dumps({"running": False, "time_s": 0, "control": None}))
    assert read_whys(status_file) is None


def test_where_a_grid_is_controlled_and_nothing_had_to_be_the_report_says_so() -> None:
    assert ControlDay().report(range(144), 0, {}) is None
    report = ControlDay().report(range(144), 0, {}, {})
    assert report is not None
    assert (report.sessions, report.phase_orders) == ([], [])
    assert "No flows had to be controlled." in control_section(report)
