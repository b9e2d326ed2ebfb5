"""A low-voltage network as data: one source, one delta-wye transformer, four-wire lines, homes.

Nothing is checked here; `clients.common.grid.validation` names every fault of a network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

PHASES = ("a", "b", "c")
# A home with all three phases, which shares its power equally among them.
THREE_PHASE = "abc"


@dataclass(frozen=True)
class Source:
    """The medium-voltage grid as a stiff source behind an impedance; ``voltage_v`` is line to line, without load.

    Its zero sequence doesn't matter: no zero-sequence current passes the transformer's delta.
    """

    bus: str
    voltage_v: float
    resistance_ohm: float
    reactance_ohm: float


@dataclass(frozen=True)
class Transformer:
    """A delta-wye transformer, its star point earthed and the neutral of the low-voltage network.

    Voltages are line to line. Short-circuit figures are in percent of the rating; ``no_load_loss_w`` and
    ``magnetising_var`` are those of all three phases at rated voltage.
    """

    id: str
    high_bus: str
    low_bus: str
    rating_va: float
    high_voltage_v: float
    low_voltage_v: float
    resistance_percent: float
    reactance_percent: float
    no_load_loss_w: float = 0.0
    magnetising_var: float = 0.0


@dataclass(frozen=True)
class LineType:
    """Four conductors: series impedances in ohm per km (real resistance, imaginary reactance at 50 Hz).

    ``phase_ohm_per_km`` is a phase's own impedance, ``mutual_ohm_per_km`` that between two phases,
    ``phase_neutral_ohm_per_km`` between phase and neutral, ``neutral_ohm_per_km`` the neutral's own.
    ``capacitance_nf_per_km`` is between a phase and the neutral. Limits are continuous currents of one conductor.
    """

    phase_ohm_per_km: complex
    mutual_ohm_per_km: complex
    phase_neutral_ohm_per_km: complex
    neutral_ohm_per_km: complex
    capacitance_nf_per_km: float
    phase_limit_a: float
    neutral_limit_a: float

    @property
    def positive_ohm_per_km(self) -> complex:
        """The positive-sequence impedance."""
        return self.phase_ohm_per_km - self.mutual_ohm_per_km

    @property
    def zero_ohm_per_km(self) -> complex:
        """The zero-sequence impedance of the loop through the phases and back through the neutral alone."""
        return (
            self.phase_ohm_per_km
            + 2 * self.mutual_ohm_per_km
            - 6 * self.phase_neutral_ohm_per_km
            + 3 * self.neutral_ohm_per_km
        )


@dataclass(frozen=True)
class Line:
    """A section of a feeder between two low-voltage buses."""

    id: str
    from_bus: str
    to_bus: str
    length_m: float
    type: LineType


@dataclass(frozen=True)
class Home:
    """A household's connection: between one phase (``a``, ``b``, ``c``) and neutral, or to all three (``abc``)."""

    id: str
    bus: str
    phase: str


@dataclass(frozen=True)
class Network:
    """A network; ``buses`` are those of low voltage, ``nominal_v`` is the phase-to-neutral voltage of (4.3a)."""

    name: str
    description: str
    source: Source
    transformer: Transformer
    buses: tuple[str, ...]
    lines: tuple[Line, ...]
    homes: tuple[Home, ...]

    @property
    def nominal_v(self) -> float:
        """The transformer's rated low voltage, phase to neutral (4.3a)."""
        return self.transformer.low_voltage_v / math.sqrt(3)
