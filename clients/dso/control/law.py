"""What every update law of the DSO is."""

from __future__ import annotations

from typing import Protocol

from clients.dso.control.constraint import Vector


class Law(Protocol):
    """A session's signals: send `signal_neur_per_wh`, measure, `update`; until `residual_wh` is small."""

    @property
    def signal_neur_per_wh(self) -> Vector:
        """The signal u to send next (6.12), one value a PCC."""
        ...

    def residual_wh(self, aggregate_wh: Vector) -> float:
        """How far the measured answer to the signal is from an equilibrium (6.13), in Wh of one PCC's aggregate."""
        ...

    def update(self, aggregate_wh: Vector) -> None:
        """Take in the measured answer to the signal, and find the next signal."""
        ...
