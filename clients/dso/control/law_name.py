"""The update laws by name."""

from __future__ import annotations

from enum import StrEnum

from wire.control import ControlLaw


class LawName(StrEnum):
    """``secant`` is ours, ``thesis`` is (6.21)."""

    SECANT = "secant"
    THESIS = "thesis"

    @property
    def on_chain(self) -> ControlLaw:
        """As a session's terms name it."""
        return {LawName.SECANT: ControlLaw.CONTROL_LAW_SECANT, LawName.THESIS: ControlLaw.CONTROL_LAW_THESIS}[self]
