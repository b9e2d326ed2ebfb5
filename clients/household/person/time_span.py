"""How long an override is to hold, as a person writes it."""

from __future__ import annotations

import re
from datetime import datetime

from clients.household.person.override import OverrideRefused

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"^([1-9][0-9]{0,5})([smhd])$")


def end_of(now_s: int, span: str, until: str, hours: int) -> int:
    """The Unix second at which it ends: ``span`` such as 90m, ``until`` a time with its zone, else ``hours``.

    Raises: OverrideRefused.
    """
    if span and until:
        raise OverrideRefused("--for and --until are both given: give one")
    if span:
        match = _SPAN.match(span)
        if match is None:
            raise OverrideRefused(f"--for is {span!r}; give a number with s, m, h or d, such as 90m")
        return now_s + int(match[1]) * _SECONDS[match[2]]
    if until:
        try:
            moment = datetime.fromisoformat(until)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise OverrideRefused(f"--until is {until!r}; give a time with its zone, such as 2026-07-01T08:00:00+02:00")
        return int(moment.timestamp())
    return now_s + hours * 3600
