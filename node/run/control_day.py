"""What a run's sessions of real-time control and its phase orders came to, as the chain's events tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from node.run.control_why import Whys
from node.run.part import Part
from wire.control import (
    ControlClosed,
    ControlOpened,
    ControlSession,
    ControlSignal,
    ControlSignalled,
    Phase,
    PhaseConfirmed,
    PhaseOrdered,
    PhaseUnconfirmed,
)


class PccReport(Part):
    """One PCC of a session: what its homes' sum was to be, and was, Wh of the slot."""

    pcc: str
    min_wh: int | None
    max_wh: int | None
    reason: str = Field(description="what would be broken beyond the limits")
    before_wh: int | None = Field(description="the sum that the slot would have had, measured before the first signal")
    after_wh: int | None = Field(description="the sum measured last")
    signal_neur_per_wh: int | None = Field(description="the last signal")


class SessionReport(Part):
    """A session of real-time control."""

    slot: int = Field(description="the slot of the day")
    session: int
    reason: str = Field(description="voltage, current or forecast")
    why: str | None = Field(description="place and value, by the DSO's daemon; null where it has died since")
    law: str
    outcome: str = Field(description="converged, not_converged, unattainable, aborted, timed_out, overtaken, or open")
    iterations: int
    residual_wh: int
    seconds: float = Field(description="from the block that opened it to the one that closed it")
    iteration_s: float | None = Field(description="mean time from one signal's block to the next")
    pccs: list[PccReport]


class PhaseOrderReport(Part):
    """An order to a home's phase switch."""

    slot: int = Field(description="the slot of the day")
    home: str
    phase: str
    status: str = Field(description="confirmed, late, unconfirmed or ordered")


class ControlReport(Part):
    """What the DSO ordered on the chain."""

    sessions: list[SessionReport]
    phase_orders: list[PhaseOrderReport]


@dataclass
class _Session:
    opened: ControlSession
    opened_s: float
    signals: list[tuple[ControlSignal, float]] = field(default_factory=list)
    closed: ControlSession | None = None
    closed_s: float = 0.0


@dataclass
class ControlDay:
    """Collects events of one VDG, in order."""

    _sessions: dict[tuple[int, int], _Session] = field(default_factory=dict)
    _orders: dict[tuple[int, bytes], tuple[Phase, str]] = field(default_factory=dict)

    def add(self, event: Any, time_s: float) -> None:
        """An event of a block of that time; others than control's are passed over."""
        match event:
            case ControlOpened(session=session) if session is not None:
                self._sessions[session.slot, session.session] = _Session(session, time_s)
            case ControlSignalled(slot=slot, session=number, signal=signal) if signal is not None:
                self._sessions[slot, number].signals.append((signal, time_s))
            case ControlClosed(session=session) if session is not None:
                found = self._sessions[session.slot, session.session]
                found.closed, found.closed_s = session, time_s
            case PhaseOrdered():
                self._orders[event.slot, event.account] = (event.phase, "ordered")
            case PhaseConfirmed():
                self._orders[event.slot, event.account] = (event.executed, "late" if event.late else "confirmed")
            case PhaseUnconfirmed():
                self._orders[event.slot, event.account] = (event.phase, "unconfirmed")

    @property
    def slots(self) -> frozenset[int]:
        """The slots with a session."""
        return frozenset(slot for slot, _ in self._sessions)

    def report(
        self, slots: range, day_slot: int, homes: dict[bytes, str], whys: Whys | None = None
    ) -> ControlReport | None:
        """What was seen of some slots; ``day_slot`` is the day's midnight, ``homes`` are the accounts' homes.

        ``whys``: what started the sessions, where that is known; None where no DSO controls a grid.

        None if nothing was ordered in the whole run, and no DSO would have.
        """
        if not self._sessions and not self._orders and whys is None:
            return None
        told = whys or {}
        return ControlReport(
            sessions=[
                _session(self._sessions[key], day_slot, told.get(key))
                for key in sorted(self._sessions)
                if key[0] in slots
            ],
            phase_orders=[
                PhaseOrderReport(
                    slot=slot - day_slot,
                    home=homes.get(account, account.hex()),
                    phase=_word(phase),
                    status=status,
                )
                for (slot, account), (phase, status) in sorted(self._orders.items())
                if slot in slots
            ],
        )


def _session(seen: _Session, day_slot: int, why: str | None) -> SessionReport:
    opened, closed = seen.opened, seen.closed
    times = [time_s for _, time_s in seen.signals]
    signals = [signal for signal, _ in seen.signals]
    before = signals[0].aggregate_wh if signals else ()
    after = closed.aggregate_wh if closed is not None else ()
    last = signals[-1].neur_per_wh if signals else ()
    terms = opened.terms
    limits = terms.pccs if terms is not None else ()
    return SessionReport(
        slot=opened.slot - day_slot,
        session=opened.session,
        reason=_word(terms.reason) if terms is not None else "",
        why=why,
        law=_word(terms.law) if terms is not None else "",
        outcome=_outcome(closed),
        iterations=len(signals),
        residual_wh=closed.residual_wh if closed is not None else 0,
        seconds=round(seen.closed_s - seen.opened_s, 3) if closed is not None else 0.0,
        iteration_s=round((times[-1] - times[0]) / (len(times) - 1), 3) if len(times) > 1 else None,
        pccs=[
            PccReport(
                pcc=limit.pcc,
                min_wh=limit.min_wh if limit.has_min else None,
                max_wh=limit.max_wh if limit.has_max else None,
                reason="; ".join(dict.fromkeys(text for text in (limit.min_reason, limit.max_reason) if text)),
                before_wh=before[index] if before else None,
                after_wh=after[index] if after else None,
                signal_neur_per_wh=last[index] if last else None,
            )
            for index, limit in enumerate(limits)
        ],
    )


def _outcome(closed: ControlSession | None) -> str:
    return "open" if closed is None else closed.outcome.name.removeprefix("CONTROL_OUTCOME_").lower()


def _word(value: Any) -> str:
    """``CONTROL_REASON_VOLTAGE`` as ``voltage``."""
    return str(value.name).rpartition("_")[2].lower()
