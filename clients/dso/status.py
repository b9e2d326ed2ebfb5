"""How the daemon is doing, in a JSON file that is rewritten every second."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.common.slots import SlotClock
from clients.dso.address_file import write_atomically
from clients.dso.collector.collector import Collector
from clients.dso.findings import Findings
from clients.dso.members import Members
from clients.dso.prover.proofs import Proofs
from clients.dso.prover.prover import Prover
from clients.dso.rebates import Rebates

if TYPE_CHECKING:
    # Loading it takes a second, which a daemon without a grid of its own needn't spend.
    from clients.dso.operation import Operation

WRITE_SECONDS = 1.0
STALE_SECONDS = 10.0
"""A status that is older is that of a daemon that hangs or was killed."""


class StatusError(Exception):
    """There is no status to read; the text says why and what to do."""


class Status:
    """Gathers what the daemon's parts tell."""

    def __init__(
        self,
        chain_id: str,
        members: Members,
        collector: Collector,
        prover: Prover,
        proofs: Proofs,
        rebates: Rebates | None,
        findings: Findings,
        operation: Operation | None = None,
    ) -> None:
        self._chain_id = chain_id
        self._members = members
        self._collector = collector
        self._prover = prover
        self._proofs = proofs
        self._rebates = rebates
        self._findings = findings
        self._operation = operation

    def snapshot(self, *, running: bool) -> dict[str, Any]:
        """The content of the status file (docs/dso.md)."""
        grid = self._prover.grid
        now_s = time.time()
        return {
            "running": running,
            "pid": os.getpid(),
            "time_s": round(now_s, 3),
            "chain_id": self._chain_id,
            "vdg": grid.vdg,
            "slot": SlotClock(grid.epoch_s, grid.slot_seconds).slot_at(now_s),
            "members": len(self._members),
            "broker_connected": self._collector.connected,
            "readings_stored": self._collector.stored,
            "messages_refused": self._collector.refused,
            "readings_missing": self._missing(),
            "last_finished_slot": self._prover.proved_slot,
            "open_slots": self._prover.open_slots,
            "proofs": self._proofs.counts(),
            "rebates_posted_to_slot": self._rebates.posted_to_slot if self._rebates else None,
            "station": self._station(),
            "control": self._control(),
            "phase_orders": self._phase_orders(),
            "caps": self._caps(),
            "findings": dict(self._findings.counts),
            "recent_findings": list(self._findings.recent),
        }

    def _missing(self) -> dict[str, int] | None:
        """Readings that are missing now, that came after their meters were asked, and that won't come."""
        recalls = self._collector.recalls
        return None if recalls is None else recalls.counts._asdict()

    def _station(self) -> dict[str, int] | None:
        if self._operation is None:
            return None
        return {"readings_stored": self._operation.desk.stored, "messages_refused": self._operation.desk.refused}

    def _control(self) -> list[dict[str, Any]] | None:
        """The last sessions, and why there were any."""
        if self._operation is None:
            return None
        return [
            {
                "slot": session.slot,
                "session": session.ended.number,
                "why": session.cause.why,
                "outcome": session.ended.outcome.name if session.ended.outcome else None,
                "signals": session.ended.signals,
                "residual_wh": session.ended.residual_wh,
                "seconds": round(session.ended.seconds, 3),
                "iteration_s": [round(each.block_s + each.answers_s, 3) for each in session.ended.iterations],
                "block_s": [round(each.block_s, 3) for each in session.ended.iterations],
            }
            for session in self._operation.control.recent
        ]

    def _phase_orders(self) -> dict[str, int] | None:
        """Orders to switches that this process has posted, those that the chain refused, and mute switches."""
        if self._operation is None or self._operation.phases is None:
            return None
        phases = self._operation.phases
        return {"posted": phases.orders, "refused": phases.refused, "unconfirmed": phases.unconfirmed}

    def _caps(self) -> dict[str, Any] | None:
        if self._operation is None or self._operation.caps is None:
            return None
        caps = self._operation.caps
        return {"judged_to_slot": caps.judged_to_slot, "recent": [posted._asdict() for posted in caps.recent]}

    async def keep(self, path: Path) -> None:
        """Write the file every second until cancelled, then a last time."""
        try:
            while True:
                write_atomically(path, json.dumps(self.snapshot(running=True)))
                await asyncio.sleep(WRITE_SECONDS)
        finally:
            write_atomically(path, json.dumps(self.snapshot(running=False)))


def read_status(path: Path) -> dict[str, Any]:
    """Read a daemon's status; ``running`` is false too when the file is stale.

    Raises: StatusError when there is none.
    """
    try:
        status: dict[str, Any] = json.loads(path.read_text())
        status["running"] = status["running"] and time.time() - status["time_s"] < STALE_SECONDS
    except OSError as error:
        raise StatusError(f"{path}: can't be read ({error.strerror}): give the daemon's status_file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StatusError(f"{path}: is not the status of a DSO daemon: give the daemon's status_file") from error
    return status
