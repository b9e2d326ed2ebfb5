"""What a network's operation must keep to, and what of a solved series breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from clients.common.grid.network import PHASES
from clients.common.grid.solution import Solution


@dataclass(frozen=True)
class Limits:
    """Greatest voltage deviation (4.3b) up and down, and loadings of lines and transformer, all in percent.

    The defaults are what must hold (EN 50160's ten percent); `WATCHED` is where control starts (6.1), and `KEPT` what
    the DSO holds flows to.
    """

    deviation_percent: float = 10.0
    line_percent: float = 100.0
    transformer_percent: float = 100.0


# The thesis's thresholds for starting control; the transformer's is ours, as of a line: it names none.
WATCHED = Limits(deviation_percent=9.0, line_percent=70.0, transformer_percent=70.0)
# Currents 1 % less than they may be, for what a station's meter (class 0.5) and a session's tolerance leave open.
KEPT = Limits(deviation_percent=10.0, line_percent=99.0, transformer_percent=99.0)


class Breach(NamedTuple):
    """A limit and by how much it is used up, 1 being exactly; where it is worst in that slot.

    ``kind`` is "voltage high", "voltage low", "line current", "transformer" or "no solution"; ``where`` names bus and
    phase or line; ``value`` and ``limit`` are in percent.
    """

    slot: int
    kind: str
    where: str
    value: float
    limit: float

    def as_text(self) -> str:
        """The reason that a DSO publishes, beside the slot: that of a series may be one of many tries."""
        if self.kind == _NO_SOLUTION:
            return f"no solution: worst at {self.where}"
        return f"{self.kind} at {self.where}: {self.value:.2f} % where {self.limit:g} % is allowed"


_NO_SOLUTION = "no solution"


def used(solution: Solution, limits: Limits) -> np.ndarray:
    """How much of its worst limit each slot uses, 1 being all of it; infinite where there is no solution: (slots,)."""
    nominal_v = solution.network.nominal_v
    deviation = 100 * np.abs(solution.phase_neutral_v - nominal_v).max(axis=(1, 2), initial=0.0) / nominal_v
    share = np.maximum(
        deviation / limits.deviation_percent, solution.transformer_loading_percent / limits.transformer_percent
    )
    share = np.maximum(share, solution.loading_percent.max(axis=1, initial=0.0) / limits.line_percent)
    return np.where(np.isfinite(share), share, np.inf)


def worst(solution: Solution, slot: int, limits: Limits) -> Breach:
    """The limit of which ``slot`` of a solution uses most, whether it is broken or not."""
    network = solution.network
    for failure in solution.failures:
        if failure.slot == slot:
            return Breach(slot, _NO_SOLUTION, f"bus {failure.bus} phase {failure.phase}", np.inf, 0.0)
    deviation = 100 * (solution.phase_neutral_v[slot] - network.nominal_v) / network.nominal_v
    bus, phase = np.unravel_index(np.abs(deviation).argmax(), deviation.shape)
    value = float(deviation[bus, phase])
    kind = "voltage high" if value > 0 else "voltage low"
    found = [Breach(slot, kind, f"bus {network.buses[bus]} phase {PHASES[phase]}", value, limits.deviation_percent)]
    loaded = float(solution.transformer_loading_percent[slot])
    found.append(Breach(slot, "transformer", network.transformer.id, loaded, limits.transformer_percent))
    if network.lines:
        line = int(solution.loading_percent[slot].argmax())
        load = float(solution.loading_percent[slot, line])
        found.append(Breach(slot, "line current", f"line {network.lines[line].id}", load, limits.line_percent))
    return max(found, key=lambda breach: abs(breach.value) / breach.limit)


def breaches(solution: Solution, limits: Limits) -> list[Breach]:
    """The worst breach of each slot that breaks a limit, in order of slots."""
    return [worst(solution, int(slot), limits) for slot in np.flatnonzero(used(solution, limits) >= 1)]
