"""How long an override is to hold, as a person writes it."""

from __future__ import annotations

import re
from datetime import datetime

from clients.household.person.override import MOST_DAYS, SECONDS_PER_DAY, OverrideRefused

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": SECONDS_PER_DAY}
_AS_A_RULE = ", or set what you want as a rule in the profile: `vdg home profile set`"
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
        seconds = int(match[1]) * _SECONDS[match[2]]
        if seconds > MOST_DAYS * SECONDS_PER_DAY:
            raise OverrideRefused(f"--for is {span!r}; give {MOST_DAYS}d at most{_AS_A_RULE}")
        return now_s + seconds
    if until:
        try:
            moment = datetime.fromisoformat(until)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise OverrideRefused(f"--until is {until!r}; give a time with its zone, such as 2026-07-01T08:00:00+02:00")
        ends_s = int(moment.timestamp())
        if ends_s <= now_s:
            raise OverrideRefused(f"--until is {until!r}, which is over; give a later time")
        if ends_s - now_s > MOST_DAYS * SECONDS_PER_DAY:
            raise OverrideRefused(f"--until is {until!r}; give a time within {MOST_DAYS} days{_AS_A_RULE}")
        return ends_s
    return now_s + hours * 3600
