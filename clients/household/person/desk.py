"""Where a person's wishes come in: profiles as they change, overrides by command and by Home Assistant."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from clients.common.configuration import ConfigurationError
from clients.household.person.override import Override, OverrideKind, checked
from clients.household.person.override_records import OverrideRecords
from clients.household.person.profile import Profile, read_profile
from clients.household.person.wishes import Wishes, wishes_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
SECONDS_PER_HOUR = 3600
PERSONS_COMMAND = "command"
HOME_ASSISTANT = "home assistant"


class Desk:
    """The homes of one process. ``wished`` is called with a home whose wishes are others than before."""

    def __init__(
        self, records: OverrideRecords, profiles: Mapping[str, Path], wished: Callable[[str, Wishes], None]
    ) -> None:
        self._records = records
        self._paths = profiles
        self._wished = wished
        self._profiles = dict.fromkeys(profiles, Profile())
        self._seen: dict[str, tuple[int, int] | None] = {}
        self._standing: dict[str, dict[OverrideKind, Override]] = {}
        self._wishes = dict.fromkeys(profiles, Wishes())
        self._version = -1
        self.notices = dict.fromkeys(profiles, "")

    async def run(self) -> None:
        """Look until cancelled, so that what the person wants holds within half a second."""
        while True:
            self.look(time.time())
            await asyncio.sleep(LOOK_SECONDS)

    def wishes(self, home: str) -> Wishes:
        """What holds for a home, as last looked at."""
        return self._wishes[home]

    def begin(self, home: str, kind: OverrideKind, value: int | None, now_s: float, by: str) -> None:
        """Let an override hold at once, for as long as its kind does without an end. Raises: OverrideRefused."""
        begun_s = int(now_s)
        override = checked(home, kind, value, begun_s, begun_s + kind.hours * SECONDS_PER_HOUR, by)
        self._records.begin(override)
        self._read_standing(now_s)
        self.look(now_s)

    def end(self, home: str, kind: OverrideKind, now_s: float) -> None:
        """End an override before its time, if there is one."""
        self._records.end(home, kind, int(now_s))
        self._read_standing(now_s)
        self.look(now_s)

    def look(self, now_s: float) -> None:
        """Take over what has changed: files, overrides that were given, and those whose time is over.

        Costs next to nothing while nothing changes.
        """
        try:
            version = self._records.version()
            over = any(not one.stands(now_s) for each in self._standing.values() for one in each.values())
            if version != self._version or over:
                self._version = version
                self._read_standing(now_s)
        except sqlite3.Error as error:
            # Somebody else is writing; what held goes on to hold, and the next look is soon.
            log.warning("overrides can't be read: %s", error)
        for home, path in self._paths.items():
            self._read_profile(home, path)
            wishes = wishes_of(self._profiles[home], self._standing.get(home, {}), now_s)
            if wishes != self._wishes[home]:
                self._wishes[home] = wishes
                self._wished(home, wishes)

    def _read_standing(self, now_s: float) -> None:
        before, self._standing = self._standing, self._records.standing(int(now_s))
        for home in self._paths:
            old, new = before.get(home, {}), self._standing.get(home, {})
            for kind in OverrideKind:
                if kind in new and old.get(kind) != new[kind]:
                    override = new[kind]
                    left_h = (override.ends_s - now_s) / SECONDS_PER_HOUR
                    self._tell(home, f"{override.text} for {left_h:.2g} h, by {override.by}")
                elif kind in old and kind not in new:
                    self._tell(home, f"{old[kind].text} has ended")

    def _read_profile(self, home: str, path: Path) -> None:
        try:
            status = path.stat()
            seen = (status.st_mtime_ns, status.st_size)
        except OSError:
            seen = None
        if seen == self._seen.get(home):
            return
        self._seen[home] = seen
        try:
            self._profiles[home] = read_profile(path)
        except ConfigurationError as error:
            self._tell(home, f"the profile can't be used, the last one goes on: {error}")
        else:
            if seen is not None:
                self._tell(home, f"profile read from {path}")

    def _tell(self, home: str, text: str) -> None:
        log.info("%s: %s", home, text)
        self.notices[home] = text
