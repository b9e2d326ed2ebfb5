"""What started each session of real-time control: the chain has a word for it, the DSO's daemon place and value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clients.dso.status import StatusError, read_status

# By slot and number of the session.
Whys = Mapping[tuple[int, int], str]


def read_whys(status_file: Path) -> Whys | None:
    """Of the sessions that the daemon has run since it was started; None where it controls no grid or is mute."""
    try:
        sessions = read_status(status_file)["control"]
    except StatusError:
        return None
    return None if sessions is None else {(session["slot"], session["session"]): session["why"] for session in sessions}
