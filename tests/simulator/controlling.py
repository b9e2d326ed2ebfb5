"""Sessions of real-time control: signals in and out of order, missing ones, and the DSO's silence."""

from __future__ import annotations

from random import Random

from tests.simulator.letter import Letter
from tests.simulator.view import View
from wire.control import (
    CloseControl,
    ControlLaw,
    ControlOutcome,
    ControlReason,
    ControlSession,
    ControlTerms,
    OpenControl,
    PccLimit,
    PostSignal,
)

_BY_HAND = (
    ControlOutcome.CONTROL_OUTCOME_CONVERGED,
    ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED,
    ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE,
    ControlOutcome.CONTROL_OUTCOME_ABORTED,
)


def control_flows(random: Random, view: View) -> list[Letter]:
    """The next steps of a VDG's session, or a new one; sometimes by somebody else."""
    grid = random.choice(view.vdgs)
    dso = view.name_of(grid.dso) if random.random() < 0.95 else random.choice(view.people())
    control = view.books.grid_controls.get(grid.vdg)
    known = [session for _, session in view.books.sessions.all() if session.vdg == grid.vdg]
    if known and random.random() < (0.95 if control and control.open_session else 0.15):
        return _go_on(random, dso, random.choice(known) if random.random() < 0.1 else known[-1])
    slot = max(view.slot() + random.choice([0, 0, 0, 1, 1, -1, 2]), 0)
    terms = _terms(random, view.slot_seconds)
    # Most sessions go on at once: time may jump to their end in the next block.
    number = 1 + max((session.session for session in known if session.slot == slot), default=0)
    begun = ControlSession(grid.vdg, slot, number, terms)
    return [Letter(dso, OpenControl(grid.vdg, slot, terms)), *_go_on(random, dso, begun)]


def _terms(random: Random, slot_seconds: int) -> ControlTerms:
    pccs = tuple(
        PccLimit(f"f-{phase}", random.randint(1, 40), True, -random.choice([50, 500]), random.random() < 0.5)
        for phase in "abc"[: random.randint(1, 3)]
    )
    return ControlTerms(
        random.choice(list(ControlReason)),
        random.choice([*ControlLaw, ControlLaw.CONTROL_LAW_SECANT]),
        tuple(limit._replace(max_wh=600 if limit.has_max else 0, min_reason="voltage high at bus 8") for limit in pccs),
        random.choice([0, 500]),
        random.choice([0, 1, 5]),
        random.choice([1, 3, 30]),
        random.choice([1, slot_seconds, 3_600]),
        bytes(random.choice([32, 32, 32, 31])),
    )


def _go_on(random: Random, dso: str, session: ControlSession) -> list[Letter]:
    """A few signals and maybe the end; most are the right ones."""
    place = (session.vdg, session.slot, session.session + (random.random() < 0.05))
    pccs = len(session.terms.pccs) if session.terms else 0
    pccs += random.random() < 0.05
    letters = []
    first = session.signals + random.choice([1, 1, 1, 1, 1, 0, 2])
    for iteration in range(first, first + random.randint(0, 3)):
        signal = tuple(random.randint(-(10**6), 10**6) for _ in range(pccs))
        letters.append(Letter(dso, PostSignal(*place, iteration, signal, _measured(random, pccs))))
    if not letters or random.random() < 0.5:
        outcome = random.choice([*ControlOutcome, *_BY_HAND, *_BY_HAND])
        posted = session.signals + len(letters)
        residual_wh = random.choice([0, 0, 1, 9])
        letters.append(Letter(dso, CloseControl(*place, posted, outcome, residual_wh, _measured(random, pccs))))
    return letters


def _measured(random: Random, pccs: int) -> tuple[int, ...]:
    missing = random.random() < 0.1
    return () if missing else tuple(random.choice([-501, -52, -3, 0, 40, 601]) for _ in range(pccs))
