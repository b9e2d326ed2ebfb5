"""What the DSO's daemon noticed: named, counted, logged, and kept for the status."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter, deque
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TextIO

log = logging.getLogger(__name__)

_RECENT = 50


class Kind(StrEnum):
    """Every finding there is; docs/dso.md has a line for each."""

    # Of the meters.
    MALFORMED = "malformed"
    UNKNOWN_METER = "unknown_meter"
    WRONG_HOME = "wrong_home"
    WRONG_TIME = "wrong_time"
    JUMPED_BACK = "jumped_back"
    ALTERED = "altered"
    DUPLICATE = "duplicate"
    GAP = "gap"
    GAP_FILLED = "gap_filled"
    GAP_LOST = "gap_lost"
    LATE = "late"
    SILENT = "silent"
    ABSURD = "absurd"
    WRONG_PCCS = "wrong_pccs"
    # Of the proofs.
    SIGNER_UNAVAILABLE = "signer_unavailable"
    SIGNING_REFUSED = "signing_refused"
    SIGNING_CONFLICT = "signing_conflict"
    CHAIN_UNAVAILABLE = "chain_unavailable"
    PROOF_REFUSED = "proof_refused"
    PROOF_CONFLICT = "proof_conflict"
    PROOF_TOO_LATE = "proof_too_late"
    # Of the rebates.
    REBATES_REFUSED = "rebates_refused"
    # Of the caps.
    CAPS_REFUSED = "caps_refused"
    # Of the broker.
    BROKER_UNAVAILABLE = "broker_unavailable"


_ALARMS = frozenset({Kind.ALTERED, Kind.SIGNING_CONFLICT, Kind.PROOF_CONFLICT})
_NOTES = frozenset({Kind.DUPLICATE, Kind.LATE, Kind.GAP_FILLED})


class Finding(NamedTuple):
    """One finding: whose, in which slot (None when it concerns none), the value found and what to do."""

    kind: Kind
    meter: str
    slot: int | None
    value: str
    way_out: str

    def __str__(self) -> str:
        slot = "" if self.slot is None else f" slot {self.slot}"
        return f"{self.kind} {self.meter}{slot}: {self.value}; {self.way_out}"


class Findings:
    """Takes findings; ``counts`` and ``recent`` are for the status. May append JSON lines to a file."""

    def __init__(self, lines_file: Path | None = None) -> None:
        """Open the file. Raises: OSError when it can't be written."""
        self.counts: Counter[Kind] = Counter()
        self.recent: deque[dict[str, object]] = deque(maxlen=_RECENT)
        self._lines: TextIO | None = None
        if lines_file is not None:
            lines_file.parent.mkdir(parents=True, exist_ok=True)
            self._lines = lines_file.open("a", buffering=1)

    def add(self, finding: Finding) -> None:
        """Log, count and keep a finding."""
        level = logging.INFO if finding.kind in _NOTES else logging.WARNING
        log.log(logging.ERROR if finding.kind in _ALARMS else level, "%s", finding)
        self.counts[finding.kind] += 1
        record: dict[str, object] = {"time_s": round(time.time(), 3), **finding._asdict()}
        self.recent.append(record)
        if self._lines is not None:
            self._lines.write(json.dumps(record) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lines is not None:
            self._lines.close()
